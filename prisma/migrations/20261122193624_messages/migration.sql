-- CreateEnum
CREATE TYPE "MessageRoute" AS ENUM ('BOTH', 'PUSH_FIRST');

-- CreateEnum
CREATE TYPE "CodePurpose" AS ENUM ('REGISTER', 'RESET_PASSWORD', 'CONFIRM_NUMBER');

-- DropForeignKey
ALTER TABLE "notifications" DROP CONSTRAINT "notifications_clinic_id_fkey";

-- DropForeignKey
ALTER TABLE "notifications" DROP CONSTRAINT "notifications_patient_id_fkey";

-- AlterTable
ALTER TABLE "appointments" ADD COLUMN     "late_minutes" INTEGER;

-- AlterTable
ALTER TABLE "clinics" ADD COLUMN     "daily_sms_cap" INTEGER NOT NULL DEFAULT 2000,
ADD COLUMN     "message_route" "MessageRoute" NOT NULL DEFAULT 'BOTH',
ADD COLUMN     "quiet_from" INTEGER NOT NULL DEFAULT 1260,
ADD COLUMN     "quiet_to" INTEGER NOT NULL DEFAULT 480;

-- AlterTable
ALTER TABLE "services" ADD COLUMN     "almost_minutes" INTEGER NOT NULL DEFAULT 10,
ADD COLUMN     "almost_position" INTEGER NOT NULL DEFAULT 3;

-- AlterTable
ALTER TABLE "notifications" ADD COLUMN     "attempts" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "delivered_at" TIMESTAMPTZ(3),
ADD COLUMN     "key" TEXT,
ADD COLUMN     "language" TEXT NOT NULL DEFAULT 'en',
ADD COLUMN     "not_before" TIMESTAMPTZ(3),
ADD COLUMN     "phone_number" TEXT,
ADD COLUMN     "provider_id" TEXT,
ADD COLUMN     "link" TEXT,
ADD COLUMN     "title" TEXT,
ADD COLUMN     "tried_at" TIMESTAMPTZ(3),
ADD COLUMN     "valid_until" TIMESTAMPTZ(3),
ALTER COLUMN "clinic_id" DROP NOT NULL,
ALTER COLUMN "patient_id" DROP NOT NULL;

-- Rows of before get a key of their own.
UPDATE "notifications" SET "key" = "id"::text;
ALTER TABLE "notifications" ALTER COLUMN "key" SET NOT NULL;

-- CreateTable
CREATE TABLE "visit_links" (
    "hash" TEXT NOT NULL,
    "patient_id" UUID NOT NULL,
    "appointment_id" UUID,
    "entry_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "visit_links_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "phone_codes" (
    "id" UUID NOT NULL,
    "phone_number" TEXT NOT NULL,
    "purpose" "CodePurpose" NOT NULL,
    "code_hash" TEXT NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "phone_codes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stopped_numbers" (
    "phone_number" TEXT NOT NULL,
    "stopped_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "stopped_numbers_pkey" PRIMARY KEY ("phone_number")
);

-- CreateTable
CREATE TABLE "message_counts" (
    "scope" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "count" INTEGER NOT NULL,

    CONSTRAINT "message_counts_pkey" PRIMARY KEY ("scope","day")
);

-- CreateTable
CREATE TABLE "inbound_messages" (
    "provider_id" TEXT NOT NULL,
    "phone_number" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "offered" UUID[] DEFAULT ARRAY[]::UUID[],
    "reply" TEXT,

    CONSTRAINT "inbound_messages_pkey" PRIMARY KEY ("provider_id")
);

-- CreateIndex
CREATE INDEX "inbound_messages_phone_number_received_at_idx" ON "inbound_messages"("phone_number", "received_at");

-- CreateIndex
CREATE INDEX "visit_links_patient_id_idx" ON "visit_links"("patient_id");

-- CreateIndex
CREATE INDEX "visit_links_appointment_id_idx" ON "visit_links"("appointment_id");

-- CreateIndex
CREATE INDEX "visit_links_entry_id_idx" ON "visit_links"("entry_id");

-- CreateIndex
CREATE INDEX "phone_codes_phone_number_purpose_created_at_idx" ON "phone_codes"("phone_number", "purpose", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "notifications_key_key" ON "notifications"("key");

-- CreateIndex
CREATE UNIQUE INDEX "notifications_provider_id_key" ON "notifications"("provider_id");

-- CreateIndex
CREATE INDEX "notifications_appointment_id_idx" ON "notifications"("appointment_id");

-- AddForeignKey
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_clinic_id_fkey" FOREIGN KEY ("clinic_id") REFERENCES "clinics"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_patient_id_fkey" FOREIGN KEY ("patient_id") REFERENCES "patients"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- By hand: what Prisma cannot say.

-- A link shows one visit: a booking, or the queue entry that came of it or of a walk-in.
ALTER TABLE "visit_links" ADD CONSTRAINT "visit_links_one_visit" CHECK ("appointment_id" IS NOT NULL OR "entry_id" IS NOT NULL);
ALTER TABLE "visit_links" ADD CONSTRAINT "visit_links_patient_id_fkey" FOREIGN KEY ("patient_id") REFERENCES "patients"("id") ON DELETE CASCADE;
ALTER TABLE "visit_links" ADD CONSTRAINT "visit_links_appointment_id_fkey" FOREIGN KEY ("appointment_id") REFERENCES "appointments"("id") ON DELETE CASCADE;
ALTER TABLE "visit_links" ADD CONSTRAINT "visit_links_entry_id_fkey" FOREIGN KEY ("entry_id") REFERENCES "queue"("id") ON DELETE CASCADE;
ALTER TABLE "clinics" ADD CONSTRAINT "clinics_quiet_hours" CHECK ("quiet_from" BETWEEN 0 AND 1439 AND "quiet_to" BETWEEN 0 AND 1439);
ALTER TABLE "clinics" ADD CONSTRAINT "clinics_daily_sms_cap" CHECK ("daily_sms_cap" >= 0);
ALTER TABLE "services" ADD CONSTRAINT "services_almost" CHECK ("almost_position" BETWEEN 1 AND 50 AND "almost_minutes" BETWEEN 0 AND 240);
ALTER TABLE "phone_codes" ADD CONSTRAINT "phone_codes_five_tries" CHECK ("tries" BETWEEN 0 AND 5);
ALTER TABLE "message_counts" ADD CONSTRAINT "message_counts_positive" CHECK ("count" > 0);
ALTER TABLE "appointments" ADD CONSTRAINT "appointments_late_minutes" CHECK ("late_minutes" BETWEEN 0 AND 240);
