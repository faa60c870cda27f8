-- AlterTable
ALTER TABLE "clinics" ADD COLUMN     "address" TEXT,
ADD COLUMN     "directions" TEXT;

-- AlterTable
ALTER TABLE "services" ADD COLUMN     "remote_join" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "patients" ADD COLUMN     "deleted_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "devices" ADD COLUMN     "session_id" UUID;

-- CreateIndex
CREATE INDEX "devices_session_id_idx" ON "devices"("session_id");

-- AddForeignKey
ALTER TABLE "devices" ADD CONSTRAINT "devices_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- What Prisma cannot say.

-- Whoever took their account away cannot be recognised by what stays, nor logged in as.
ALTER TABLE "patients" ADD CONSTRAINT "patients_deleted_is_nobody" CHECK ("deleted_at" IS NULL OR (
  "phone_number" IS NULL AND NOT "phone_verified" AND "password_hash" IS NULL AND "date_of_birth" IS NULL AND "guardian_id" IS NULL));
