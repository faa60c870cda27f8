-- AlterTable
ALTER TABLE "notifications" ADD COLUMN     "taken_by" UUID[] DEFAULT ARRAY[]::UUID[];
