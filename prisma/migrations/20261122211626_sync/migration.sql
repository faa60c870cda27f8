-- AlterTable
ALTER TABLE "audit_log" ADD COLUMN     "client_id" UUID DEFAULT (nullif(current_setting('anteroom.client_id', true), ''))::uuid;

-- CreateTable
CREATE TABLE "streams" (
    "id" UUID NOT NULL,
    "last" BIGINT NOT NULL,

    CONSTRAINT "streams_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "changes" (
    "stream_id" UUID NOT NULL,
    "number" BIGINT NOT NULL,
    "entity" CHAR(1) NOT NULL,
    "record_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "changes_pkey" PRIMARY KEY ("stream_id","number")
);

-- CreateTable
CREATE TABLE "sync_clients" (
    "client_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "next_seq" INTEGER NOT NULL DEFAULT 1,
    "last_stamp" BIGINT NOT NULL DEFAULT 0,
    "synced_at" TIMESTAMPTZ(3),

    CONSTRAINT "sync_clients_pkey" PRIMARY KEY ("client_id")
);

-- CreateTable
CREATE TABLE "sync_operations" (
    "client_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "op_id" TEXT NOT NULL,
    "account_id" UUID NOT NULL,
    "command" TEXT,
    "outcome" TEXT NOT NULL,
    "code" TEXT,
    "message" TEXT,
    "overrides" JSONB,
    "beaten" JSONB,
    "stamp" BIGINT NOT NULL,
    "is_repeat" BOOLEAN NOT NULL DEFAULT false,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sync_operations_pkey" PRIMARY KEY ("client_id","seq")
);

-- CreateTable
CREATE TABLE "patient_field_writes" (
    "id" UUID NOT NULL,
    "patient_id" UUID NOT NULL,
    "field" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "is_staff" BOOLEAN NOT NULL,
    "stamp" BIGINT NOT NULL,
    "seen_stamp" BIGINT NOT NULL,
    "write_id" TEXT NOT NULL,
    "is_operation" BOOLEAN NOT NULL,
    "account_id" UUID NOT NULL,
    "clinic_id" UUID,

    CONSTRAINT "patient_field_writes_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "changes_at_idx" ON "changes"("at");

-- CreateIndex
CREATE INDEX "sync_clients_account_id_idx" ON "sync_clients"("account_id");

-- CreateIndex
CREATE INDEX "sync_operations_account_id_op_id_idx" ON "sync_operations"("account_id", "op_id");

-- CreateIndex
CREATE UNIQUE INDEX "patient_field_writes_patient_id_field_version_key" ON "patient_field_writes"("patient_id", "field", "version");

-- What Prisma cannot say.

-- An operation happens once, whichever client of the account brings it: of two that come at once, one waits here and then starts over.
CREATE UNIQUE INDEX "sync_operations_once" ON "sync_operations"("account_id", "op_id") WHERE NOT "is_repeat";
ALTER TABLE "sync_clients" ADD CONSTRAINT "sync_clients_next_seq_positive" CHECK ("next_seq" >= 1);
ALTER TABLE "sync_operations"
  ADD CONSTRAINT "sync_operations_seq_positive" CHECK ("seq" >= 1),
  ADD CONSTRAINT "sync_operations_outcome" CHECK ("outcome" IN ('APPLIED', 'OVERRIDDEN', 'REJECTED'));
ALTER TABLE "streams" ADD CONSTRAINT "streams_last_positive" CHECK ("last" >= 1);
ALTER TABLE "changes" ADD CONSTRAINT "changes_entity" CHECK ("entity" IN ('E', 'A', 'P', 'O'));
-- Every commit raises the number of its streams; free space on the page keeps the old versions of the row short-lived.
ALTER TABLE "streams" SET (fillfactor = 50);

CREATE TRIGGER changes_insert_only BEFORE UPDATE ON "changes" FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Change numbers are made here, so that no path of the code can forget them. While a transaction runs, the records that it changes are
-- gathered in a setting of the transaction (which follows savepoints); at its commit they are numbered, stream by stream in ascending
-- id. So the locks of the streams are always the last ones taken, in one order, and held for the shortest time; and since a stream
-- stays locked until the commit is done, its numbers become visible in their order: who reads all up to n misses nothing below n.
--
-- One note is a letter for the kind of record, the record's id, the stream's id, and a comma. A capital letter concerns the
-- patient's guardian too (and, of a patient's record in their own stream, the clinics that they are linked to); a small one is final.
CREATE FUNCTION note_visits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  letter constant text := TG_ARGV[0];
  notes text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT string_agg(letter || id || clinic_id || ',' || letter || id || patient_id || ',', '') INTO notes FROM new_rows;
  ELSIF TG_OP = 'DELETE' THEN
    SELECT string_agg(letter || id || clinic_id || ',' || letter || id || patient_id || ',', '') INTO notes FROM old_rows;
  ELSE
    SELECT string_agg(letter || n.id || n.clinic_id || ',' || letter || n.id || n.patient_id || ','
        -- The record that it went from may lose its guardian in the same transaction.
        || CASE WHEN o.patient_id <> n.patient_id THEN letter || n.id || o.patient_id || ','
             || coalesce((SELECT lower(letter) || n.id || p.guardian_id || ',' FROM patients p WHERE p.id = o.patient_id), '')
           ELSE '' END, '')
      INTO notes FROM new_rows n JOIN old_rows o ON o.id = n.id;
  END IF;
  IF notes IS NOT NULL THEN
    PERFORM set_config('anteroom.changes', coalesce(current_setting('anteroom.changes', true), '') || notes, true);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION note_patients() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed uuid[];
  notes text;
  moved text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT string_agg('P' || id || id || ',', '') INTO notes FROM new_rows;
  ELSIF TG_OP = 'DELETE' THEN
    SELECT string_agg('P' || id || id || ',', '') INTO notes FROM old_rows;
  ELSE
    SELECT array_agg(n.id ORDER BY n.id), string_agg('P' || n.id || n.id || ','
        || CASE WHEN o.guardian_id IS DISTINCT FROM n.guardian_id AND o.guardian_id IS NOT NULL
             THEN 'p' || n.id || o.guardian_id || ',' ELSE '' END, '')
      INTO changed, notes FROM new_rows n JOIN old_rows o ON o.id = n.id
      WHERE (n.name, n.phone_number, n.phone_verified, n.date_of_birth, n.language, n.guardian_id, n.code, n.merged_into_id, n.version)
        IS DISTINCT FROM (o.name, o.phone_number, o.phone_verified, o.date_of_birth, o.language, o.guardian_id, o.code, o.merged_into_id, o.version);
    IF changed IS NULL THEN
      RETURN NULL;
    END IF;
    -- Whoever links the record to a clinic, or numbers changes of a ward, waits for this change, or this one for them: else each
    -- could miss the other.
    PERFORM 1 FROM patients WHERE id = ANY(changed) ORDER BY id FOR UPDATE;
    -- A new guardian sees the ward's visits from now on, the old one no more.
    SELECT string_agg(r.letter || r.id || g.id || ',', '') INTO moved
      FROM new_rows n JOIN old_rows o ON o.id = n.id
      CROSS JOIN LATERAL (VALUES (o.guardian_id), (n.guardian_id)) g(id)
      CROSS JOIN LATERAL (SELECT 'e', id FROM queue WHERE patient_id = n.id
        UNION ALL SELECT 'a', id FROM appointments WHERE patient_id = n.id) r(letter, id)
      WHERE o.guardian_id IS DISTINCT FROM n.guardian_id AND g.id IS NOT NULL;
    notes := notes || coalesce(moved, '');
  END IF;
  IF notes IS NOT NULL THEN
    PERFORM set_config('anteroom.changes', coalesce(current_setting('anteroom.changes', true), '') || notes, true);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION note_links() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  notes text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT string_agg('p' || patient_id || clinic_id || ',', '') INTO notes FROM new_rows;
  ELSE
    SELECT string_agg('p' || patient_id || clinic_id || ',', '') INTO notes FROM old_rows;
  END IF;
  IF notes IS NOT NULL THEN
    PERFORM set_config('anteroom.changes', coalesce(current_setting('anteroom.changes', true), '') || notes, true);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION number_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  notes constant text := current_setting('anteroom.changes', true);
BEGIN
  -- The first row that was changed numbers all of them.
  IF notes IS NULL OR notes = '' THEN
    RETURN NULL;
  END IF;
  PERFORM set_config('anteroom.changes', '', true);
  WITH noted AS MATERIALIZED (
    SELECT DISTINCT substr(note, 1, 1) AS letter, substr(note, 2, 36)::uuid AS record_id, substr(note, 38, 36)::uuid AS stream_id
    FROM unnest(string_to_array(rtrim(notes, ','), ',')) note
  ), guarded AS MATERIALIZED (
    SELECT id, guardian_id FROM patients
    WHERE id IN (SELECT stream_id FROM noted WHERE letter < 'a' COLLATE "C") AND guardian_id IS NOT NULL
    ORDER BY id FOR KEY SHARE
  ), concerned AS MATERIALIZED (
    SELECT upper(letter) AS entity, record_id, stream_id FROM noted
    UNION SELECT n.letter, n.record_id, g.guardian_id FROM noted n JOIN guarded g ON g.id = n.stream_id
      WHERE n.letter < 'a' COLLATE "C"
    UNION SELECT 'P', n.record_id, l.clinic_id FROM noted n JOIN clinic_patients l ON l.patient_id = n.record_id
      WHERE n.letter = 'P'
  ), raised AS (
    INSERT INTO streams AS s (id, last) SELECT stream_id, count(*) FROM concerned GROUP BY stream_id ORDER BY stream_id
      ON CONFLICT (id) DO UPDATE SET last = s.last + excluded.last RETURNING s.id, s.last
  )
  INSERT INTO changes (stream_id, number, entity, record_id, at)
  SELECT r.id, r.last + 1 - row_number() OVER (PARTITION BY r.id ORDER BY c.entity, c.record_id), c.entity, c.record_id,
    clock_timestamp()
  FROM raised r JOIN concerned c ON c.stream_id = r.id;
  RETURN NULL;
END $$;

CREATE TRIGGER queue_note_insert AFTER INSERT ON "queue" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_visits('E');
CREATE TRIGGER queue_note_update AFTER UPDATE ON "queue" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_visits('E');
CREATE TRIGGER queue_note_delete AFTER DELETE ON "queue" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_visits('E');
CREATE CONSTRAINT TRIGGER queue_number_changes AFTER INSERT OR UPDATE OR DELETE ON "queue"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION number_changes();

CREATE TRIGGER appointments_note_insert AFTER INSERT ON "appointments" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_visits('A');
CREATE TRIGGER appointments_note_update AFTER UPDATE ON "appointments" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_visits('A');
CREATE TRIGGER appointments_note_delete AFTER DELETE ON "appointments" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_visits('A');
CREATE CONSTRAINT TRIGGER appointments_number_changes AFTER INSERT OR UPDATE OR DELETE ON "appointments"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION number_changes();

CREATE TRIGGER patients_note_insert AFTER INSERT ON "patients" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_patients();
CREATE TRIGGER patients_note_update AFTER UPDATE ON "patients" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_patients();
CREATE TRIGGER patients_note_delete AFTER DELETE ON "patients" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_patients();
CREATE CONSTRAINT TRIGGER patients_number_changes AFTER INSERT OR UPDATE OR DELETE ON "patients"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION number_changes();

CREATE TRIGGER clinic_patients_note_insert AFTER INSERT ON "clinic_patients" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_links();
CREATE TRIGGER clinic_patients_note_delete AFTER DELETE ON "clinic_patients" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_links();
CREATE CONSTRAINT TRIGGER clinic_patients_number_changes AFTER INSERT OR DELETE ON "clinic_patients"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION number_changes();

-- Those who are on record have their values from the desk, where it made the record; who changed them since is not known.
INSERT INTO "patient_field_writes" (id, patient_id, field, version, is_staff, stamp, seen_stamp, write_id, is_operation, account_id, clinic_id)
SELECT gen_random_uuid(), p.id, f.field, p.version, true, (extract(epoch FROM p.updated_at) * 1000000)::bigint, 0, gen_random_uuid()::text,
  false, u.id, u.clinic_id
FROM "patients" p JOIN "users" u ON u.id = p.created_by_id
CROSS JOIN LATERAL (VALUES ('name', p.name), ('phoneNumber', p.phone_number), ('dateOfBirth', p.date_of_birth::text),
  ('language', p.language)) f(field, value)
WHERE f.value IS NOT NULL AND p.merged_into_id IS NULL;
