-- name: one_at_a_time
-- Wait for another adoption to end; the lock goes with the transaction.
SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('cryokit adoption', 0));

-- name: account_ids
-- Numbers of the accounts by name.
SELECT lower(name) AS name, CAST(id AS text) AS id
  FROM cryo.app_user;

-- name: team_ids
-- Numbers of the teams by name.
SELECT lower(name) AS name, CAST(id AS text) AS id
  FROM cryo.team;

-- name: add_team
-- Make a team without members.
INSERT INTO cryo.team (name)
VALUES (:name)
RETURNING CAST(id AS text) AS id;

-- name: keep_accounts
-- Open accounts that are disabled from the beginning; tells which are new.
INSERT INTO cryo.app_user (id, name, role, password_hash, disabled_at)
SELECT new.id, new.name, :role, new.password_hash, now()
  FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (id uuid, name text, password_hash text)
 ORDER BY new.id
    ON CONFLICT (id) DO NOTHING
RETURNING CAST(id AS text) AS id;

-- name: keep_identifiers
-- Keep names and numbers of molecules, for maintenance alone.
INSERT INTO cryo.molecule_identifier (molecule_id, kind, value)
SELECT DISTINCT molecule.id, new.kind, new.value
  FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (inchikey text, kind text, value text)
  JOIN cryo.molecule ON molecule.inchikey = new.inchikey
    ON CONFLICT ON CONSTRAINT molecule_identifier_key DO NOTHING;

-- name: keep_experiments
-- Keep experiments; tells which are new.
INSERT INTO cryo.experiment (id, name, protocol, performed_on, team_id, owner_id)
SELECT new.id, new.name, new.protocol, new.performed_on, CAST(:team_id AS uuid), new.owner_id
  FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
           id uuid, name text, protocol text, performed_on date, owner_id uuid)
 ORDER BY new.id
    ON CONFLICT (id) DO NOTHING
RETURNING CAST(id AS text) AS id;

-- name: link_measurements
-- Say which experiments measurements are from.
UPDATE cryo.measurement
   SET experiment_id = new.experiment_id
  FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (row_sha256 text, experiment_id uuid)
 WHERE measurement.row_sha256 = new.row_sha256
   AND measurement.owner_id IS NULL
   AND measurement.experiment_id IS NULL;

-- name: measurement_ids
-- Numbers of the installation's own measurements by checksum.
SELECT row_sha256, id
  FROM cryo.measurement
 WHERE row_sha256 = ANY (:checksums)
   AND owner_id IS NULL;

-- name: keep_verifications
-- Keep verifications; tells which are new.
INSERT INTO cryo.lab_verification (id, experiment_id, verifier_id, outcome, note, verified_at)
SELECT new.id, new.experiment_id, new.verifier_id, new.outcome, new.note, coalesce(new.verified_at, now())
  FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
           id uuid, experiment_id uuid, verifier_id uuid, outcome text, note text, verified_at timestamptz)
 ORDER BY new.id
    ON CONFLICT (id) DO NOTHING
RETURNING CAST(id AS text) AS id;

-- name: keep_shares
-- Keep shares; one that somebody gave here already stays as it is. Tells which are new.
INSERT INTO cryo.share (
           id, experiment_id, measurement_id, grantee_user_id, grantee_team_id, may, granted_by, created_at, expires_at)
SELECT new.id, new.experiment_id, new.measurement_id, new.grantee_user_id, new.grantee_team_id, new.may,
       new.granted_by, coalesce(new.created_at, now()), new.expires_at
  FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
           id uuid, experiment_id uuid, measurement_id bigint, grantee_user_id uuid, grantee_team_id uuid, may text,
           granted_by uuid, created_at timestamptz, expires_at timestamptz)
 ORDER BY new.id
    ON CONFLICT DO NOTHING
RETURNING CAST(id AS text) AS id;

-- name: quarantine
-- Keep refused rows whole, with the reason.
INSERT INTO quarantine.quarantined_row (table_schema, table_name, key, reason, content)
SELECT 'legacy', new.table_name, new.key, new.reason, CAST(new.content AS jsonb)
  FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (table_name text, key jsonb, reason text, content text);

-- name: quarantined
-- Rows of one legacy database that are in quarantine, with a checksum of their content.
SELECT id, table_name, key ->> 'key' AS key, reason,
       encode(sha256(convert_to(CAST(content AS text), 'UTF8')), 'hex') AS content_sha256
  FROM quarantine.quarantined_row
 WHERE table_schema = 'legacy'
   AND key ->> 'source' = :source
   AND restored_at IS NULL;

-- name: leave_quarantine
-- Note that rows which were refused before are no longer: their database was corrected.
UPDATE quarantine.quarantined_row
   SET restored_at = now()
 WHERE id = ANY (:ids);

-- name: count_user_profiles
-- How many of these accounts are there.
SELECT count(*)
  FROM cryo.app_user
 WHERE id = ANY (CAST(:keys AS uuid []));

-- name: count_molecules
-- How many of these structures are there.
SELECT count(*)
  FROM cryo.molecule
 WHERE inchikey = ANY (:keys);

-- name: count_mixtures
-- How many of these compositions are there.
SELECT count(*)
  FROM cryo.mixture
 WHERE composition_sha256 = ANY (:keys);

-- name: count_measurements
-- How many of these measurements are there.
SELECT count(*)
  FROM cryo.measurement
 WHERE row_sha256 = ANY (:keys)
   AND owner_id IS NULL;

-- name: count_experiments
-- How many of these experiments are there.
SELECT count(*)
  FROM cryo.experiment
 WHERE id = ANY (CAST(:keys AS uuid []));

-- name: count_lab_verifications
-- How many of these verifications are there.
SELECT count(*)
  FROM cryo.lab_verification
 WHERE id = ANY (CAST(:keys AS uuid []));

-- name: count_shared_items
-- How many of these shares are there, given by an adoption or by somebody here.
SELECT count(*)
  FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
           experiment_id uuid, measurement_id bigint, grantee_user_id uuid, grantee_team_id uuid)
 WHERE EXISTS (
           SELECT
             FROM cryo.share
            WHERE (share.experiment_id, share.measurement_id, share.grantee_user_id, share.grantee_team_id)
                  IS NOT DISTINCT FROM
                  (new.experiment_id, new.measurement_id, new.grantee_user_id, new.grantee_team_id));

-- name: count_mixture_components
-- How many components these compositions have.
SELECT count(*)
  FROM cryo.mixture_component
  JOIN cryo.mixture ON mixture.id = mixture_component.mixture_id
 WHERE mixture.composition_sha256 = ANY (:keys);
