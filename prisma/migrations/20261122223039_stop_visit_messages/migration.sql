-- AlterTable
ALTER TABLE "visit_links" ADD COLUMN     "messages_stopped_at" TIMESTAMPTZ(3);
