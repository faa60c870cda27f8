-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "Role" AS ENUM ('RECEPTIONIST', 'DOCTOR', 'ADMIN');

-- CreateEnum
CREATE TYPE "Urgency" AS ENUM ('ROUTINE', 'URGENT', 'EMERGENCY');

-- CreateEnum
CREATE TYPE "AppointmentStatus" AS ENUM ('BOOKED', 'CHECKED_IN', 'COMPLETED', 'CANCELLED', 'NO_SHOW');

-- CreateEnum
CREATE TYPE "QueueStatus" AS ENUM ('WAITING', 'CALLED', 'IN_SERVICE', 'ON_HOLD', 'SERVED', 'NO_SHOW', 'LEFT');

-- CreateEnum
CREATE TYPE "NotificationChannel" AS ENUM ('SMS', 'PUSH');

-- CreateEnum
CREATE TYPE "NotificationKind" AS ENUM ('BOOKED', 'RESCHEDULED', 'REMINDER', 'ALMOST_YOUR_TURN', 'YOUR_TURN', 'MISSED', 'CANCELLED', 'CORRECTION', 'VERIFICATION');

-- CreateEnum
CREATE TYPE "NotificationStatus" AS ENUM ('QUEUED', 'SENT', 'DELIVERED', 'FAILED', 'SUPPRESSED');

-- CreateEnum
CREATE TYPE "HoursExceptionKind" AS ENUM ('LEAVE', 'EXTRA');

-- CreateTable
CREATE TABLE "clinics" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL,
    "day_starts_at" INTEGER NOT NULL DEFAULT 240,
    "grace_minutes" INTEGER NOT NULL DEFAULT 15,
    "undo_seconds" INTEGER NOT NULL DEFAULT 30,
    "no_show_minutes" INTEGER,
    "languages" TEXT[] DEFAULT ARRAY['en']::TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "clinics_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "services" (
    "id" UUID NOT NULL,
    "clinic_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "ticket_letter" TEXT NOT NULL,
    "slot_minutes" INTEGER NOT NULL,
    "booked_lead_minutes" INTEGER NOT NULL DEFAULT 0,
    "open" BOOLEAN NOT NULL DEFAULT true,
    "closed_reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "services_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "queue_state" (
    "service_id" UUID NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "queue_state_pkey" PRIMARY KEY ("service_id")
);

-- CreateTable
CREATE TABLE "users" (
    "id" UUID NOT NULL,
    "clinic_id" UUID NOT NULL,
    "username" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "role" "Role" NOT NULL,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "password_hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "doctors" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "clinic_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "on_duty" BOOLEAN NOT NULL DEFAULT false,
    "room" TEXT,

    CONSTRAINT "doctors_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "doctor_services" (
    "doctor_id" UUID NOT NULL,
    "service_id" UUID NOT NULL,

    CONSTRAINT "doctor_services_pkey" PRIMARY KEY ("doctor_id","service_id")
);

-- CreateTable
CREATE TABLE "doctor_hours" (
    "id" UUID NOT NULL,
    "doctor_id" UUID NOT NULL,
    "weekday" INTEGER NOT NULL,
    "from_minute" INTEGER NOT NULL,
    "to_minute" INTEGER NOT NULL,

    CONSTRAINT "doctor_hours_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "hours_exceptions" (
    "id" UUID NOT NULL,
    "doctor_id" UUID NOT NULL,
    "day" DATE NOT NULL,
    "kind" "HoursExceptionKind" NOT NULL,
    "from_minute" INTEGER NOT NULL,
    "to_minute" INTEGER NOT NULL,
    "reason" TEXT,

    CONSTRAINT "hours_exceptions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "patients" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "phone_number" TEXT,
    "phone_verified" BOOLEAN NOT NULL DEFAULT false,
    "date_of_birth" DATE,
    "language" TEXT NOT NULL DEFAULT 'en',
    "guardian_id" UUID,
    "password_hash" TEXT,
    "code" TEXT NOT NULL,
    "merged_into_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_by_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "patients_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "clinic_patients" (
    "clinic_id" UUID NOT NULL,
    "patient_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "clinic_patients_pkey" PRIMARY KEY ("clinic_id","patient_id")
);

-- CreateTable
CREATE TABLE "appointments" (
    "id" UUID NOT NULL,
    "clinic_id" UUID NOT NULL,
    "service_id" UUID NOT NULL,
    "doctor_id" UUID NOT NULL,
    "patient_id" UUID NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3) NOT NULL,
    "status" "AppointmentStatus" NOT NULL DEFAULT 'BOOKED',
    "urgency" "Urgency" NOT NULL DEFAULT 'ROUTINE',
    "bound" BOOLEAN NOT NULL DEFAULT false,
    "reason" TEXT,
    "cancel_reason" TEXT,
    "created_by_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "appointments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "queue" (
    "id" UUID NOT NULL,
    "clinic_id" UUID NOT NULL,
    "service_id" UUID NOT NULL,
    "patient_id" UUID NOT NULL,
    "appointment_id" UUID,
    "ticket_service_id" UUID NOT NULL,
    "ticket_day" DATE NOT NULL,
    "ticket_number" INTEGER NOT NULL,
    "ticket" TEXT NOT NULL,
    "provisional_ticket" TEXT,
    "status" "QueueStatus" NOT NULL DEFAULT 'WAITING',
    "urgency" "Urgency" NOT NULL DEFAULT 'ROUTINE',
    "rank" SMALLINT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "sub_rank" TEXT NOT NULL,
    "arrival_seq" BIGSERIAL NOT NULL,
    "own_due_at" TIMESTAMPTZ(3) NOT NULL,
    "bound_doctor_id" UUID,
    "doctor_id" UUID,
    "room" TEXT,
    "reason" TEXT,
    "end_reason" TEXT,
    "arrived_at" TIMESTAMPTZ(3) NOT NULL,
    "called_at" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_by_id" UUID,

    CONSTRAINT "queue_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "queue_events" (
    "id" UUID NOT NULL,
    "service_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "from_service_id" UUID,
    "from_version" INTEGER,
    "entry_id" UUID NOT NULL,
    "entry_version" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "kind" TEXT NOT NULL,
    "reason" TEXT,
    "actor_user_id" UUID,
    "actor_patient_id" UUID,
    "from_status" "QueueStatus",
    "to_status" "QueueStatus" NOT NULL,
    "from_key" JSONB,
    "to_key" JSONB,
    "before" JSONB,

    CONSTRAINT "queue_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notifications" (
    "id" UUID NOT NULL,
    "clinic_id" UUID NOT NULL,
    "patient_id" UUID NOT NULL,
    "appointment_id" UUID,
    "entry_id" UUID,
    "kind" "NotificationKind" NOT NULL,
    "channel" "NotificationChannel" NOT NULL,
    "status" "NotificationStatus" NOT NULL DEFAULT 'QUEUED',
    "body" TEXT,
    "error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),

    CONSTRAINT "notifications_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "devices" (
    "id" UUID NOT NULL,
    "patient_id" UUID NOT NULL,
    "push_token" TEXT NOT NULL,
    "platform" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "devices_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sessions" (
    "id" UUID NOT NULL,
    "user_id" UUID,
    "patient_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "end_reason" TEXT,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "refresh_tokens" (
    "hash" TEXT NOT NULL,
    "session_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "refresh_tokens_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "login_attempts" (
    "account" TEXT NOT NULL,
    "failures" INTEGER NOT NULL,
    "window_ends_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "login_attempts_pkey" PRIMARY KEY ("account")
);

-- CreateTable
CREATE TABLE "idempotent_steps" (
    "caller" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "record_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotent_steps_pkey" PRIMARY KEY ("caller","key","path")
);

-- CreateTable
CREATE TABLE "idempotent_answers" (
    "caller" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "answer" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotent_answers_pkey" PRIMARY KEY ("caller","key")
);

-- CreateTable
CREATE TABLE "audit_log" (
    "id" UUID NOT NULL,
    "clinic_id" UUID,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor_user_id" UUID,
    "actor_patient_id" UUID,
    "action" TEXT NOT NULL,
    "entity" TEXT NOT NULL,
    "entity_id" UUID,
    "detail" TEXT,

    CONSTRAINT "audit_log_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "setup_links" (
    "hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "setup_links_pkey" PRIMARY KEY ("hash")
);

-- CreateIndex
CREATE UNIQUE INDEX "services_clinic_id_ticket_letter_key" ON "services"("clinic_id", "ticket_letter");

-- CreateIndex
CREATE UNIQUE INDEX "services_clinic_id_name_key" ON "services"("clinic_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "users_username_key" ON "users"("username");

-- CreateIndex
CREATE INDEX "users_clinic_id_id_idx" ON "users"("clinic_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "doctors_user_id_key" ON "doctors"("user_id");

-- CreateIndex
CREATE INDEX "doctors_clinic_id_id_idx" ON "doctors"("clinic_id", "id");

-- CreateIndex
CREATE INDEX "doctor_services_service_id_idx" ON "doctor_services"("service_id");

-- CreateIndex
CREATE INDEX "doctor_hours_doctor_id_weekday_idx" ON "doctor_hours"("doctor_id", "weekday");

-- CreateIndex
CREATE INDEX "hours_exceptions_doctor_id_day_idx" ON "hours_exceptions"("doctor_id", "day");

-- CreateIndex
CREATE UNIQUE INDEX "patients_phone_number_key" ON "patients"("phone_number");

-- CreateIndex
CREATE UNIQUE INDEX "patients_code_key" ON "patients"("code");

-- CreateIndex
CREATE INDEX "patients_guardian_id_idx" ON "patients"("guardian_id");

-- CreateIndex
CREATE INDEX "patients_merged_into_id_idx" ON "patients"("merged_into_id");

-- CreateIndex
CREATE INDEX "clinic_patients_patient_id_idx" ON "clinic_patients"("patient_id");

-- CreateIndex
CREATE INDEX "appointments_clinic_id_starts_at_id_idx" ON "appointments"("clinic_id", "starts_at", "id");

-- CreateIndex
CREATE INDEX "appointments_doctor_id_starts_at_idx" ON "appointments"("doctor_id", "starts_at");

-- CreateIndex
CREATE INDEX "appointments_patient_id_starts_at_id_idx" ON "appointments"("patient_id", "starts_at", "id");

-- CreateIndex
CREATE INDEX "appointments_service_id_starts_at_idx" ON "appointments"("service_id", "starts_at");

-- CreateIndex
CREATE INDEX "appointments_created_by_id_idx" ON "appointments"("created_by_id");

-- CreateIndex
CREATE INDEX "queue_service_id_finished_at_idx" ON "queue"("service_id", "finished_at");

-- CreateIndex
CREATE INDEX "queue_patient_id_arrived_at_idx" ON "queue"("patient_id", "arrived_at");

-- CreateIndex
CREATE INDEX "queue_clinic_id_arrived_at_idx" ON "queue"("clinic_id", "arrived_at");

-- CreateIndex
CREATE INDEX "queue_appointment_id_idx" ON "queue"("appointment_id");

-- CreateIndex
CREATE INDEX "queue_bound_doctor_id_idx" ON "queue"("bound_doctor_id");

-- CreateIndex
CREATE INDEX "queue_doctor_id_called_at_idx" ON "queue"("doctor_id", "called_at");

-- CreateIndex
CREATE UNIQUE INDEX "queue_ticket_service_id_ticket_day_ticket_number_key" ON "queue"("ticket_service_id", "ticket_day", "ticket_number");

-- CreateIndex
CREATE UNIQUE INDEX "queue_events_service_id_version_key" ON "queue_events"("service_id", "version");

-- CreateIndex
CREATE UNIQUE INDEX "queue_events_from_service_id_from_version_key" ON "queue_events"("from_service_id", "from_version");

-- CreateIndex
CREATE UNIQUE INDEX "queue_events_entry_id_entry_version_key" ON "queue_events"("entry_id", "entry_version");

-- CreateIndex
CREATE INDEX "notifications_clinic_id_created_at_id_idx" ON "notifications"("clinic_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "notifications_patient_id_created_at_idx" ON "notifications"("patient_id", "created_at");

-- CreateIndex
CREATE INDEX "notifications_entry_id_idx" ON "notifications"("entry_id");

-- CreateIndex
CREATE UNIQUE INDEX "devices_push_token_key" ON "devices"("push_token");

-- CreateIndex
CREATE INDEX "devices_patient_id_idx" ON "devices"("patient_id");

-- CreateIndex
CREATE INDEX "sessions_user_id_idx" ON "sessions"("user_id");

-- CreateIndex
CREATE INDEX "sessions_patient_id_idx" ON "sessions"("patient_id");

-- CreateIndex
CREATE INDEX "sessions_changed_at_idx" ON "sessions"("changed_at");

-- CreateIndex
CREATE INDEX "sessions_expires_at_idx" ON "sessions"("expires_at");

-- CreateIndex
CREATE INDEX "refresh_tokens_session_id_idx" ON "refresh_tokens"("session_id");

-- CreateIndex
CREATE INDEX "idempotent_steps_created_at_idx" ON "idempotent_steps"("created_at");

-- CreateIndex
CREATE INDEX "idempotent_answers_created_at_idx" ON "idempotent_answers"("created_at");

-- CreateIndex
CREATE INDEX "audit_log_clinic_id_at_id_idx" ON "audit_log"("clinic_id", "at", "id");

-- CreateIndex
CREATE INDEX "audit_log_entity_id_at_idx" ON "audit_log"("entity_id", "at");

-- AddForeignKey
ALTER TABLE "services" ADD CONSTRAINT "services_clinic_id_fkey" FOREIGN KEY ("clinic_id") REFERENCES "clinics"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "queue_state" ADD CONSTRAINT "queue_state_service_id_fkey" FOREIGN KEY ("service_id") REFERENCES "services"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "users" ADD CONSTRAINT "users_clinic_id_fkey" FOREIGN KEY ("clinic_id") REFERENCES "clinics"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "doctors" ADD CONSTRAINT "doctors_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "doctors" ADD CONSTRAINT "doctors_clinic_id_fkey" FOREIGN KEY ("clinic_id") REFERENCES "clinics"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "doctor_services" ADD CONSTRAINT "doctor_services_doctor_id_fkey" FOREIGN KEY ("doctor_id") REFERENCES "doctors"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "doctor_services" ADD CONSTRAINT "doctor_services_service_id_fkey" FOREIGN KEY ("service_id") REFERENCES "services"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "doctor_hours" ADD CONSTRAINT "doctor_hours_doctor_id_fkey" FOREIGN KEY ("doctor_id") REFERENCES "doctors"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "hours_exceptions" ADD CONSTRAINT "hours_exceptions_doctor_id_fkey" FOREIGN KEY ("doctor_id") REFERENCES "doctors"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "patients" ADD CONSTRAINT "patients_guardian_id_fkey" FOREIGN KEY ("guardian_id") REFERENCES "patients"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "patients" ADD CONSTRAINT "patients_merged_into_id_fkey" FOREIGN KEY ("merged_into_id") REFERENCES "patients"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "clinic_patients" ADD CONSTRAINT "clinic_patients_clinic_id_fkey" FOREIGN KEY ("clinic_id") REFERENCES "clinics"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "clinic_patients" ADD CONSTRAINT "clinic_patients_patient_id_fkey" FOREIGN KEY ("patient_id") REFERENCES "patients"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "appointments" ADD CONSTRAINT "appointments_clinic_id_fkey" FOREIGN KEY ("clinic_id") REFERENCES "clinics"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "appointments" ADD CONSTRAINT "appointments_service_id_fkey" FOREIGN KEY ("service_id") REFERENCES "services"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "appointments" ADD CONSTRAINT "appointments_doctor_id_fkey" FOREIGN KEY ("doctor_id") REFERENCES "doctors"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "appointments" ADD CONSTRAINT "appointments_patient_id_fkey" FOREIGN KEY ("patient_id") REFERENCES "patients"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "appointments" ADD CONSTRAINT "appointments_created_by_id_fkey" FOREIGN KEY ("created_by_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "queue" ADD CONSTRAINT "queue_clinic_id_fkey" FOREIGN KEY ("clinic_id") REFERENCES "clinics"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "queue" ADD CONSTRAINT "queue_service_id_fkey" FOREIGN KEY ("service_id") REFERENCES "services"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "queue" ADD CONSTRAINT "queue_ticket_service_id_fkey" FOREIGN KEY ("ticket_service_id") REFERENCES "services"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "queue" ADD CONSTRAINT "queue_patient_id_fkey" FOREIGN KEY ("patient_id") REFERENCES "patients"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "queue" ADD CONSTRAINT "queue_appointment_id_fkey" FOREIGN KEY ("appointment_id") REFERENCES "appointments"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "queue" ADD CONSTRAINT "queue_bound_doctor_id_fkey" FOREIGN KEY ("bound_doctor_id") REFERENCES "doctors"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "queue" ADD CONSTRAINT "queue_doctor_id_fkey" FOREIGN KEY ("doctor_id") REFERENCES "doctors"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "queue_events" ADD CONSTRAINT "queue_events_entry_id_fkey" FOREIGN KEY ("entry_id") REFERENCES "queue"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_clinic_id_fkey" FOREIGN KEY ("clinic_id") REFERENCES "clinics"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_patient_id_fkey" FOREIGN KEY ("patient_id") REFERENCES "patients"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_entry_id_fkey" FOREIGN KEY ("entry_id") REFERENCES "queue"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "devices" ADD CONSTRAINT "devices_patient_id_fkey" FOREIGN KEY ("patient_id") REFERENCES "patients"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_patient_id_fkey" FOREIGN KEY ("patient_id") REFERENCES "patients"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "refresh_tokens" ADD CONSTRAINT "refresh_tokens_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "audit_log" ADD CONSTRAINT "audit_log_clinic_id_fkey" FOREIGN KEY ("clinic_id") REFERENCES "clinics"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- From here on: what Prisma cannot say. These rules hold whatever program writes.

-- Exclusion constraints over a plain column and a range together.
CREATE EXTENSION IF NOT EXISTS btree_gist;
-- Finding patients by a part of their name or number.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- The order of calling compares places as bytes, exactly as order.ts does, whatever the database's language.
ALTER TABLE "queue" ALTER COLUMN "sub_rank" TYPE text COLLATE "C";

-- Clinics and services.
ALTER TABLE "clinics"
  ADD CONSTRAINT "clinics_day_starts_within_the_day" CHECK (day_starts_at BETWEEN 0 AND 1439),
  ADD CONSTRAINT "clinics_times_not_negative" CHECK (grace_minutes >= 0 AND undo_seconds >= 0 AND no_show_minutes > 0),
  -- Analytics read local hours in SQL: PostgreSQL must know the zone, and refuses here if it does not.
  ADD CONSTRAINT "clinics_time_zone_known" CHECK (timezone(time_zone, timestamptz '2000-01-01 00:00:00Z') IS NOT NULL);
ALTER TABLE "services"
  ADD CONSTRAINT "services_slot_minutes" CHECK (slot_minutes BETWEEN 5 AND 480),
  ADD CONSTRAINT "services_booked_lead_not_negative" CHECK (booked_lead_minutes >= 0),
  ADD CONSTRAINT "services_ticket_letter" CHECK (ticket_letter ~ '^[A-Z]{1,2}$');

-- Every service has a queue from its first moment: the row that a move locks must not be missing.
CREATE FUNCTION open_queue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO queue_state (service_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER services_open_queue AFTER INSERT ON "services" FOR EACH ROW EXECUTE FUNCTION open_queue();

-- One row updated with every move: with room on its page an update stays there and touches no index.
ALTER TABLE "queue_state" SET (fillfactor = 20);
ALTER TABLE "queue_state" ADD CONSTRAINT "queue_state_version_not_negative" CHECK (version >= 0);

-- Hours.
ALTER TABLE "doctor_hours"
  ADD CONSTRAINT "doctor_hours_weekday" CHECK (weekday BETWEEN 1 AND 7),
  ADD CONSTRAINT "doctor_hours_minutes" CHECK (0 <= from_minute AND from_minute < to_minute AND to_minute <= 1440),
  -- Two rows for the same minutes would offer every slot twice.
  ADD CONSTRAINT "doctor_hours_overlap" EXCLUDE USING gist
    (doctor_id WITH =, weekday WITH =, int4range(from_minute, to_minute) WITH &&);
ALTER TABLE "hours_exceptions"
  ADD CONSTRAINT "hours_exceptions_minutes" CHECK (0 <= from_minute AND from_minute < to_minute AND to_minute <= 1440);

-- Patients and sessions.
ALTER TABLE "patients"
  ADD CONSTRAINT "patients_phone_number_e164" CHECK (phone_number ~ '^\+[1-9][0-9]{6,14}$'),
  ADD CONSTRAINT "patients_not_own_guardian" CHECK (guardian_id <> id),
  ADD CONSTRAINT "patients_not_merged_into_self" CHECK (merged_into_id <> id),
  ADD CONSTRAINT "patients_version_positive" CHECK (version >= 1);
CREATE INDEX "patients_name_search" ON "patients" USING gin (lower(name) gin_trgm_ops);
CREATE INDEX "patients_phone_number_search" ON "patients" USING gin (phone_number gin_trgm_ops);
ALTER TABLE "sessions"
  ADD CONSTRAINT "sessions_of_user_or_patient" CHECK (num_nonnulls(user_id, patient_id) = 1);
ALTER TABLE "login_attempts"
  ADD CONSTRAINT "login_attempts_failures_not_negative" CHECK (failures >= 0);

-- Appointments: two people booking one slot at the same moment both find it free; here one of them does not.
ALTER TABLE "appointments"
  ADD CONSTRAINT "appointments_ends_after_start" CHECK (ends_at > starts_at),
  ADD CONSTRAINT "appointments_version_positive" CHECK (version >= 1),
  ADD CONSTRAINT "appointments_doctor_overlap" EXCLUDE USING gist
    (doctor_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (status <> 'CANCELLED'),
  -- A patient who missed or finished one appointment may be seen again at that time.
  ADD CONSTRAINT "appointments_patient_overlap" EXCLUDE USING gist
    (patient_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (status IN ('BOOKED', 'CHECKED_IN'));

-- The queue.
ALTER TABLE "queue"
  ADD CONSTRAINT "queue_rank" CHECK (rank BETWEEN 0 AND 2),
  ADD CONSTRAINT "queue_ticket_number_positive" CHECK (ticket_number >= 1),
  ADD CONSTRAINT "queue_version_positive" CHECK (version >= 1),
  -- A state is read from one column and measured from others; the two must never tell different stories.
  ADD CONSTRAINT "queue_state_agrees_with_times" CHECK (
    CASE status
      WHEN 'WAITING' THEN num_nonnulls(called_at, started_at, finished_at, doctor_id) = 0
      WHEN 'ON_HOLD' THEN num_nonnulls(called_at, started_at, finished_at, doctor_id) = 0
      WHEN 'CALLED' THEN called_at IS NOT NULL AND num_nonnulls(started_at, finished_at) = 0
      WHEN 'IN_SERVICE' THEN num_nulls(called_at, started_at) = 0 AND finished_at IS NULL
      WHEN 'SERVED' THEN num_nulls(called_at, finished_at) = 0
      WHEN 'NO_SHOW' THEN num_nulls(called_at, finished_at) = 0 AND started_at IS NULL
      WHEN 'LEFT' THEN finished_at IS NOT NULL
    END
    AND called_at >= arrived_at
    AND (started_at IS NULL OR (called_at IS NOT NULL AND started_at >= called_at))
    AND finished_at >= arrived_at AND finished_at >= called_at AND finished_at >= started_at
  );
-- A doctor has one patient at a time: two calls at once, from the room and from the desk, must not both succeed.
CREATE UNIQUE INDEX "queue_one_open_patient_per_doctor" ON "queue" (doctor_id)
  WHERE status IN ('CALLED', 'IN_SERVICE') AND doctor_id IS NOT NULL;
-- Nobody stands in one queue twice, and a booking is checked in once.
CREATE UNIQUE INDEX "queue_one_active_per_patient_and_service" ON "queue" (patient_id, service_id)
  WHERE status IN ('WAITING', 'CALLED', 'IN_SERVICE', 'ON_HOLD');
CREATE UNIQUE INDEX "queue_one_active_per_appointment" ON "queue" (appointment_id)
  WHERE status IN ('WAITING', 'CALLED', 'IN_SERVICE', 'ON_HOLD') AND appointment_id IS NOT NULL;
-- The order of calling is read from this index, first to last.
CREATE INDEX "queue_calling_order" ON "queue" (service_id, rank, due_at, sub_rank, arrival_seq, id)
  WHERE status = 'WAITING';
-- The live queue is small beside the years of finished entries.
CREATE INDEX "queue_unfinished" ON "queue" (service_id) WHERE finished_at IS NULL;

ALTER TABLE "queue_events"
  ADD CONSTRAINT "queue_events_versions_positive" CHECK (version >= 1 AND entry_version >= 1 AND from_version >= 1);

-- What happened stays as it was written.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON "audit_log" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON "audit_log" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER queue_events_append_only BEFORE UPDATE OR DELETE ON "queue_events" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER queue_events_no_truncate BEFORE TRUNCATE ON "queue_events" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
