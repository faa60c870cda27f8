-- AlterTable
ALTER TABLE "clinics" ADD COLUMN     "allowed_countries" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "message_texts" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "self_check_in" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "services" ADD COLUMN     "color" TEXT,
ADD COLUMN     "door_join" BOOLEAN NOT NULL DEFAULT false;

-- What Prisma cannot say.

ALTER TABLE "clinics" ADD CONSTRAINT "clinics_message_texts_object" CHECK (jsonb_typeof("message_texts") = 'object');
ALTER TABLE "clinics" ADD CONSTRAINT "clinics_allowed_countries_letters" CHECK (array_to_string("allowed_countries", ',') ~ '^([A-Z]{2}(,[A-Z]{2})*)?$');
