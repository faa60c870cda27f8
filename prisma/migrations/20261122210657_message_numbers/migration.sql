-- CreateIndex
CREATE INDEX "notifications_phone_number_created_at_idx" ON "notifications"("phone_number", "created_at");
