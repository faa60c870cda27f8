-- Patients are found and listed by their names as a desk types them: without case, accents, apostrophes and hyphens,
-- and alike whatever the database's language.
CREATE FUNCTION search_name(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN replace(replace(replace(
  translate(
    regexp_replace(
      lower(regexp_replace(normalize(name, NFKD), '[\u0300-\u036f''’ʼ`´]', '', 'g')),
      '[-‐‑–—]', ' ', 'g'
    ),
    'øłđðħıŧ', 'olddhit'
  ),
  'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe');

DROP INDEX "patients_name_search";
CREATE INDEX "patients_name_search" ON "patients" USING gin (search_name(name) gin_trgm_ops);
-- The list of patients is read page by page in this order.
CREATE INDEX "patients_by_name" ON "patients" (search_name(name) COLLATE "C", id);
