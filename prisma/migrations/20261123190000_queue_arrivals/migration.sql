-- Walk-ins and check-ins in one round trip, as the moves are: what must be locked is locked first, then looked at, then written. The
-- rules of the due time and the clinic day stay in api/; here is what nobody can know before the lock: the ticket and the sequence.

-- A ticket as people read it: the service's letter and a number of at least three digits, as in G-014.
CREATE FUNCTION ticket_text(p_letter text, p_number int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT p_letter || '-' || lpad(p_number::text, greatest(3, length(p_number::text)), '0')
$$;

-- The sub-rank of who was never moved by hand, as api/queue/order.ts makes it (a test compares the two).
CREATE FUNCTION own_sub_rank(p_seq bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  rest bigint := p_seq;
  made text := '';
BEGIN
  FOR i IN 1..11 LOOP
    made := substr('0123456789abcdefghijklmnopqrstuvwxyz', (rest % 36)::int + 1, 1) || made;
    rest := rest / 36;
  END LOOP;
  RETURN made;
END $$;

-- Whoever has just come is seen also where the same statement made them come.
ALTER FUNCTION is_almost_due(uuid, int) VOLATILE;

-- Writes an arrival in a queue whose version row is locked: the next version, the entry with the next ticket of its clinic day, the
-- event, the audit row.
CREATE FUNCTION queue_enter(p_entry queue, p_kind text, p_letter text, p_reason text, p_user uuid, p_patient uuid, p_event_id uuid,
  p_audit_id uuid) RETURNS queue_moved LANGUAGE plpgsql AS $$
DECLARE
  entered queue;
  made int;
  seq constant bigint := nextval('queue_arrival_seq_seq');
  number constant int := 1 + coalesce((SELECT max(q.ticket_number) FROM queue q
    WHERE q.ticket_service_id = p_entry.service_id AND q.ticket_day = p_entry.ticket_day), 0);
BEGIN
  UPDATE queue_state SET version = version + 1 WHERE service_id = p_entry.service_id RETURNING version INTO STRICT made;
  INSERT INTO queue (id, clinic_id, service_id, patient_id, appointment_id, ticket_service_id, ticket_day, ticket_number, ticket,
    provisional_ticket, urgency, rank, due_at, own_due_at, sub_rank, arrival_seq, bound_doctor_id, reason, arrived_at, created_by_id)
  VALUES (p_entry.id, p_entry.clinic_id, p_entry.service_id, p_entry.patient_id, p_entry.appointment_id, p_entry.service_id,
    p_entry.ticket_day, number, ticket_text(p_letter, number), p_entry.provisional_ticket, p_entry.urgency, p_entry.rank,
    p_entry.due_at, p_entry.due_at, own_sub_rank(seq), seq, p_entry.bound_doctor_id, p_reason, p_entry.arrived_at, p_user)
  RETURNING * INTO STRICT entered;
  INSERT INTO queue_events (id, service_id, version, entry_id, entry_version, at, kind, actor_user_id, actor_patient_id, to_status,
    to_key)
  VALUES (p_event_id, entered.service_id, made, entered.id, entered.version, entered.arrived_at, p_kind, p_user, p_patient,
    entered.status, queue_key(entered));
  INSERT INTO audit_log (id, clinic_id, at, actor_user_id, actor_patient_id, action, entity, entity_id, detail)
  VALUES (p_audit_id, entered.clinic_id, clock_timestamp(), p_user, p_patient, 'queue.' || lower(p_kind), 'QueueEntry', entered.id,
    entered.ticket);
  RETURN (entered, made)::queue_moved;
END $$;

-- `addWalkIn`, or `checkIn` of a booking in the version that was read (`p_booking`), whole. The entry is as the rules answered for the
-- time at which it was read, which its arrival names; they answer the same until `p_until`. `p_alone`: only if the patient has no other
-- ticket in the clinic. Whatever else there is to say, and where the step was claimed before, the answer is null and nothing is
-- written: the caller then asks again behind the lock.
CREATE FUNCTION queue_arrive(p_entry jsonb, p_kind text, p_letter text, p_reason text, p_booking int, p_until timestamptz,
  p_alone boolean, p_user uuid, p_patient uuid, p_step text[], p_ids uuid[], p_head int,
  OUT entry text, OUT version int, OUT jobs text[]) LANGUAGE plpgsql AS $$
DECLARE
  arrival queue := jsonb_populate_record(NULL::queue, p_entry);
  result queue_moved;
  at timestamptz;
BEGIN
  IF NOT claim_step(p_step) THEN
    RETURN;
  END IF;
  PERFORM 1 FROM queue_state s WHERE s.service_id = arrival.service_id FOR UPDATE;
  at := date_trunc('milliseconds', clock_timestamp());
  -- No merge can take the patient's record away, nor anybody the booking, until the commit.
  IF p_booking IS NOT NULL THEN
    PERFORM 1 FROM appointments a WHERE a.id = arrival.appointment_id AND a.version = p_booking AND a.status = 'BOOKED' FOR UPDATE;
  ELSIF p_alone THEN
    PERFORM 1 FROM patients p WHERE p.id = arrival.patient_id AND p.deleted_at IS NULL AND p.merged_into_id IS NULL FOR NO KEY UPDATE;
  ELSE
    PERFORM 1 FROM patients p WHERE p.id = arrival.patient_id AND p.deleted_at IS NULL AND p.merged_into_id IS NULL FOR KEY SHARE;
  END IF;
  IF NOT FOUND OR at > p_until
    OR EXISTS (SELECT 1 FROM queue q WHERE q.id = arrival.id)
    OR EXISTS (SELECT 1 FROM queue q WHERE q.patient_id = arrival.patient_id AND q.finished_at IS NULL
      AND (q.service_id = arrival.service_id OR (p_alone AND q.clinic_id = arrival.clinic_id)))
    OR (p_booking IS NULL AND arrival.bound_doctor_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM doctors d JOIN doctor_services g ON g.doctor_id = d.id AND g.service_id = arrival.service_id
      WHERE d.id = arrival.bound_doctor_id AND d.clinic_id = arrival.clinic_id AND d.active))
  THEN
    IF p_step IS NOT NULL THEN
      DELETE FROM idempotent_steps WHERE caller = p_step[1] AND key = p_step[2] AND path = p_step[3];
    END IF;
    RETURN;
  END IF;
  -- Who is due on arrival arrives now, behind the lock.
  IF arrival.due_at = arrival.arrived_at THEN
    arrival.due_at := at;
  END IF;
  arrival.arrived_at := at;
  IF p_booking IS NULL THEN
    INSERT INTO clinic_patients (clinic_id, patient_id) VALUES (arrival.clinic_id, arrival.patient_id) ON CONFLICT DO NOTHING;
  ELSE
    UPDATE appointments a SET status = 'CHECKED_IN', version = a.version + 1, updated_at = clock_timestamp()
    WHERE a.id = arrival.appointment_id;
  END IF;
  result := queue_enter(arrival, p_kind, p_letter, p_reason, p_user, p_patient, p_ids[1], p_ids[2]);
  jobs := queue_tell(result.entry, p_kind, p_ids[1], p_head);
  version := result.version;
  entry := row_to_json(result.entry)::text;
  PERFORM keep_step(p_step, arrival.id);
END $$;
