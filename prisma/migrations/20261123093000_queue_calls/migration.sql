-- The hot moves of a queue, each in one round trip: whatever must be locked is locked first, then read (each statement of a function
-- that is VOLATILE sees what was committed before it began), then written. The rules of moves stay in api/queue/transitions.ts; here
-- is only the choice of the next patient, which nobody can make before the lock.

-- The order of calling, and whom a call by this doctor (null: by the desk for nobody) may take.
CREATE FUNCTION queue_next(p_service uuid, p_doctor uuid) RETURNS SETOF queue LANGUAGE sql STABLE AS $$
  SELECT e.* FROM queue e
  WHERE e.service_id = p_service AND e.status = 'WAITING' AND (e.bound_doctor_id IS NULL OR e.bound_doctor_id = p_doctor)
  ORDER BY e.rank, e.due_at, e.sub_rank, e.arrival_seq, e.id LIMIT 1
$$;

-- Could a message reach this patient, or their guardian?
CREATE FUNCTION is_reachable(p_patient uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM patients p WHERE p.id = p_patient AND (p.phone_number IS NOT NULL OR p.guardian_id IS NOT NULL
    OR EXISTS (SELECT 1 FROM devices d WHERE d.patient_id = p.id)))
$$;

-- Does somebody among the first so many of this queue still lack the message that it is almost their turn?
CREATE FUNCTION is_almost_due(p_service uuid, p_head int) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM (SELECT w.id, w.patient_id FROM queue w WHERE w.service_id = p_service AND w.status = 'WAITING'
      ORDER BY w.rank, w.due_at, w.sub_rank, w.arrival_seq, w.id LIMIT p_head) head
    WHERE EXISTS (SELECT 1 FROM patients p WHERE p.id = head.patient_id AND (p.phone_number IS NOT NULL OR p.guardian_id IS NOT NULL
        OR EXISTS (SELECT 1 FROM devices d WHERE d.patient_id = p.id)))
      AND NOT EXISTS (SELECT 1 FROM notifications n WHERE n.entry_id = head.id AND n.kind = 'ALMOST_YOUR_TURN'))
$$;

-- An instant as JSON writes it.
CREATE FUNCTION json_instant(p_at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- What the order goes by, as an event keeps it; null for who does not wait.
CREATE FUNCTION queue_key(p_entry queue) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN p_entry.status = 'WAITING' THEN jsonb_build_object('rank', p_entry.rank, 'dueAt', json_instant(p_entry.due_at),
    'subRank', p_entry.sub_rank, 'arrivalSeq', p_entry.arrival_seq) END
$$;

-- Enqueues as pg-boss does (a test compares the two); a job that waits already under this key is held until the commit instead.
CREATE FUNCTION add_job(p_name text, p_data jsonb, p_key text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  LOOP
    INSERT INTO pgboss.job (name, data, start_after, created_on, singleton_key, expire_seconds, deletion_seconds, keep_until,
      retry_limit, retry_delay, retry_backoff, retry_delay_max, policy, dead_letter, heartbeat_seconds)
    SELECT q.name, p_data, now(), now(), p_key, q.expire_seconds, q.deletion_seconds, now() + q.retention_seconds * interval '1s',
      q.retry_limit, q.retry_delay, q.retry_backoff, q.retry_delay_max, q.policy, q.dead_letter, q.heartbeat_seconds
    FROM pgboss.queue q WHERE q.name = p_name
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
      RETURN;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pgboss.queue WHERE name = p_name) THEN
      RAISE EXCEPTION 'no job queue %', p_name USING ERRCODE = 'AT002';
    END IF;
    PERFORM 1 FROM pgboss.job WHERE name = p_name AND coalesce(singleton_key, '') = p_key AND state = 'created' AND policy = 'short'
      FOR SHARE;
    IF FOUND THEN
      RETURN;
    END IF;
  END LOOP;
END $$;

-- What a written move answers with.
CREATE TYPE queue_moved AS (entry queue, version int);

-- Writes a move within a queue whose version row is locked: the next version, the entry, its booking, the event, the audit row.
-- The patch holds what changes, as the rule answered it; the event keeps the same fields as they were, for undo.
CREATE FUNCTION queue_move(p_entry queue, p_patch jsonb, p_kind text, p_reason text, p_now timestamptz, p_user uuid, p_patient uuid,
  p_event_id uuid, p_audit_id uuid) RETURNS queue_moved LANGUAGE plpgsql AS $$
DECLARE
  moved queue;
  made int;
  was constant jsonb := jsonb_build_object('status', p_entry.status, 'urgency', p_entry.urgency, 'rank', p_entry.rank,
    'dueAt', json_instant(p_entry.due_at), 'subRank', p_entry.sub_rank, 'doctorId', p_entry.doctor_id, 'room', p_entry.room,
    'endReason', p_entry.end_reason, 'calledAt', json_instant(p_entry.called_at), 'startedAt', json_instant(p_entry.started_at),
    'finishedAt', json_instant(p_entry.finished_at));
  next constant jsonb := was || p_patch;
  booking constant text := CASE next->>'status' WHEN 'SERVED' THEN 'COMPLETED' WHEN 'NO_SHOW' THEN 'NO_SHOW' WHEN 'LEFT' THEN 'CANCELLED'
    ELSE 'CHECKED_IN' END;
BEGIN
  UPDATE queue_state SET version = version + 1 WHERE service_id = p_entry.service_id RETURNING version INTO STRICT made;
  UPDATE queue SET status = (next->>'status')::"QueueStatus", urgency = (next->>'urgency')::"Urgency",
    rank = (next->>'rank')::int2, due_at = (next->>'dueAt')::timestamptz, sub_rank = next->>'subRank',
    doctor_id = (next->>'doctorId')::uuid, room = next->>'room', end_reason = next->>'endReason',
    called_at = (next->>'calledAt')::timestamptz, started_at = (next->>'startedAt')::timestamptz,
    finished_at = (next->>'finishedAt')::timestamptz, version = version + 1
  WHERE id = p_entry.id RETURNING * INTO STRICT moved;
  IF moved.appointment_id IS NOT NULL THEN
    UPDATE appointments SET status = booking::"AppointmentStatus", version = version + 1, updated_at = clock_timestamp()
    WHERE id = moved.appointment_id AND status <> booking::"AppointmentStatus";
  END IF;
  INSERT INTO queue_events (id, service_id, version, entry_id, entry_version, at, kind, reason, actor_user_id, actor_patient_id,
    from_status, to_status, from_key, to_key, before)
  VALUES (p_event_id, moved.service_id, made, moved.id, moved.version, p_now, p_kind, p_reason, p_user, p_patient, p_entry.status,
    moved.status, queue_key(p_entry), queue_key(moved),
    (SELECT coalesce(jsonb_object_agg(field, was->field), '{}') FROM jsonb_object_keys(p_patch) field));
  INSERT INTO audit_log (id, clinic_id, at, actor_user_id, actor_patient_id, action, entity, entity_id, detail)
  VALUES (p_audit_id, moved.clinic_id, clock_timestamp(), p_user, p_patient, 'queue.' || lower(p_kind), 'QueueEntry', moved.id,
    p_entry.ticket || ': ' || p_entry.status || ' → ' || moved.status);
  RETURN (moved, made)::queue_moved;
END $$;

-- Enqueues what a move makes necessary to be told. Answers with the names of the jobs.
CREATE FUNCTION queue_tell(p_entry queue, p_kind text, p_event_id uuid, p_head int) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  names text[] := '{}';
BEGIN
  IF p_kind IN ('CALLED', 'RECALLED', 'NO_SHOW', 'UNDONE') AND is_reachable(p_entry.patient_id) THEN
    PERFORM add_job('announce.move', jsonb_build_object('eventId', p_event_id, 'clinicId', p_entry.clinic_id), gen_random_uuid()::text);
    names := names || 'announce.move'::text;
  END IF;
  IF is_almost_due(p_entry.service_id, p_head) THEN
    PERFORM add_job('announce.almost', jsonb_build_object('serviceId', p_entry.service_id, 'clinicId', p_entry.clinic_id),
      p_entry.service_id::text);
    names := names || 'announce.almost'::text;
  END IF;
  RETURN names;
END $$;

-- Says under the request's key that its step is done; null where there is no key. A repeat waits here for the first.
CREATE FUNCTION claim_step(p_step text[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF p_step IS NULL THEN
    RETURN true;
  END IF;
  INSERT INTO idempotent_steps (caller, key, path) VALUES (p_step[1], p_step[2], p_step[3]) ON CONFLICT DO NOTHING;
  RETURN FOUND;
END $$;

CREATE FUNCTION keep_step(p_step text[], p_record uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF p_step IS NOT NULL THEN
    UPDATE idempotent_steps SET record_id = p_record WHERE caller = p_step[1] AND key = p_step[2] AND path = p_step[3];
  END IF;
END $$;

-- `callNext` whole: locks the doctor, then the queues by ascending id; serves the doctor's patient in service, and calls the next one.
-- `outcome` is DONE, NOBODY (there is none to call), REPEATED (the step was done before: `record_id`), or the code of a refusal, with
-- which nothing was written. `made` lists the queue versions, in their order.
CREATE FUNCTION queue_call_next(p_service uuid, p_clinic uuid, p_doctor uuid, p_room text, p_user uuid, p_patient uuid, p_step text[],
  p_ids uuid[], p_head int, OUT outcome text, OUT record_id uuid, OUT entry text, OUT made jsonb, OUT jobs text[])
LANGUAGE plpgsql AS $$
DECLARE
  doctor doctors;
  present queue;
  chosen queue;
  result queue_moved;
  at timestamptz;
BEGIN
  made := '[]';
  jobs := '{}';
  IF NOT claim_step(p_step) THEN
    outcome := 'REPEATED';
    SELECT s.record_id INTO record_id FROM idempotent_steps s
      WHERE s.caller = p_step[1] AND s.key = p_step[2] AND s.path = p_step[3];
    RETURN;
  END IF;
  IF p_doctor IS NOT NULL THEN
    SELECT * INTO doctor FROM doctors WHERE id = p_doctor FOR NO KEY UPDATE;
    IF doctor.id IS NULL OR doctor.clinic_id <> p_clinic OR NOT doctor.active THEN
      RAISE EXCEPTION 'refused NOT_FOUND' USING ERRCODE = 'AT001';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM doctor_services s WHERE s.doctor_id = p_doctor AND s.service_id = p_service) THEN
      RAISE EXCEPTION 'refused NOT_THEIR_SERVICE' USING ERRCODE = 'AT001';
    END IF;
    SELECT * INTO present FROM queue q WHERE q.doctor_id = p_doctor AND q.status IN ('CALLED', 'IN_SERVICE');
  END IF;
  PERFORM 1 FROM queue_state s WHERE s.service_id IN (p_service, present.service_id) ORDER BY s.service_id FOR UPDATE;
  at := date_trunc('milliseconds', clock_timestamp());
  IF present.id IS NOT NULL THEN
    -- The doctor is locked, so an open patient can only have gone since, not come.
    SELECT * INTO present FROM queue q WHERE q.doctor_id = p_doctor AND q.status IN ('CALLED', 'IN_SERVICE');
    IF present.status = 'CALLED' THEN
      RAISE EXCEPTION 'refused DOCTOR_BUSY' USING ERRCODE = 'AT001';
    END IF;
    IF present.id IS NOT NULL THEN
      result := queue_move(present, jsonb_build_object('status', 'SERVED', 'finishedAt', json_instant(at), 'endReason', NULL),
        'SERVED', NULL, at, p_user, p_patient, p_ids[1], p_ids[2]);
      made := made || jsonb_build_object('serviceId', present.service_id, 'version', result.version);
      jobs := jobs || queue_tell(result.entry, 'SERVED', p_ids[1], p_head);
    END IF;
  END IF;
  SELECT * INTO chosen FROM queue_next(p_service, p_doctor);
  IF chosen.id IS NULL THEN
    outcome := 'NOBODY';
    RETURN;
  END IF;
  result := queue_move(chosen, jsonb_build_object('status', 'CALLED', 'doctorId', p_doctor, 'room', coalesce(p_room, doctor.room),
    'calledAt', json_instant(at)), 'CALLED', NULL, at, p_user, p_patient, p_ids[3], p_ids[4]);
  made := made || jsonb_build_object('serviceId', p_service, 'version', result.version);
  jobs := jobs || queue_tell(result.entry, 'CALLED', p_ids[3], p_head);
  PERFORM keep_step(p_step, chosen.id);
  outcome := 'DONE';
  record_id := chosen.id;
  entry := row_to_json(result.entry)::text;
END $$;

-- A move of an entry that the rule has allowed for the state in which it was read at `p_seen`: written if it is still in that state,
-- once its queue is locked. Else, and where the step was claimed before, null: the caller then asks the rule again behind the lock.
CREATE FUNCTION queue_act(p_id uuid, p_version int, p_status text, p_service uuid, p_patch jsonb, p_kind text, p_reason text,
  p_seen timestamptz, p_user uuid, p_patient uuid, p_step text[], p_ids uuid[], p_head int,
  OUT entry text, OUT version int, OUT jobs text[]) LANGUAGE plpgsql AS $$
DECLARE
  present queue;
  result queue_moved;
  at timestamptz;
  patch jsonb := p_patch;
  field text;
BEGIN
  IF NOT claim_step(p_step) THEN
    RETURN;
  END IF;
  PERFORM 1 FROM queue_state s WHERE s.service_id = p_service FOR UPDATE;
  at := date_trunc('milliseconds', clock_timestamp());
  SELECT * INTO present FROM queue q
    WHERE q.id = p_id AND q.version = p_version AND q.service_id = p_service AND q.status = p_status::"QueueStatus";
  IF present.id IS NULL THEN
    IF p_step IS NOT NULL THEN
      DELETE FROM idempotent_steps WHERE caller = p_step[1] AND key = p_step[2] AND path = p_step[3];
    END IF;
    RETURN;
  END IF;
  -- What the rule set to its "now" happens now, behind the lock.
  FOREACH field IN ARRAY ARRAY['calledAt', 'startedAt', 'finishedAt'] LOOP
    IF patch->>field = json_instant(p_seen) THEN
      patch := jsonb_set(patch, ARRAY[field], to_jsonb(json_instant(at)));
    END IF;
  END LOOP;
  result := queue_move(present, patch, p_kind, p_reason, at, p_user, p_patient, p_ids[1], p_ids[2]);
  jobs := queue_tell(result.entry, p_kind, p_ids[1], p_head);
  version := result.version;
  entry := row_to_json(result.entry)::text;
  PERFORM keep_step(p_step, p_id);
END $$;
