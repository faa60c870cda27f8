-- Rare kinds of entries are found among millions of others without reading those: by what stands before the dot of an action.
CREATE INDEX "audit_log_kind" ON "audit_log" ("clinic_id", split_part("action", '.', 1), "at", "id");
-- And what somebody did who does little.
CREATE INDEX "audit_log_actor_user" ON "audit_log" ("actor_user_id", "at", "id") WHERE "actor_user_id" IS NOT NULL;
CREATE INDEX "audit_log_actor_patient" ON "audit_log" ("actor_patient_id", "at", "id") WHERE "actor_patient_id" IS NOT NULL;
