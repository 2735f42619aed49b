-- name: store_molecules
-- Keep new structures and make known ones public when something public is known of them.
INSERT INTO cryo.molecule AS known (smiles, inchikey, is_public)
SELECT new.smiles, new.inchikey, :is_public
  FROM jsonb_to_recordset(CAST(:molecules AS jsonb)) AS new (smiles text, inchikey text)
 ORDER BY new.inchikey
    ON CONFLICT (inchikey) DO UPDATE SET is_public = true
 WHERE excluded.is_public AND NOT known.is_public;

-- name: molecule_ids
-- Numbers of structures by InChIKey.
SELECT inchikey, id
  FROM cryo.molecule
 WHERE inchikey = ANY (:inchikeys);

-- name: store_identifiers
-- Keep the names under which molecules are known.
INSERT INTO cryo.molecule_identifier AS known (molecule_id, kind, value, is_public)
SELECT new.molecule_id, new.kind, new.value, :is_public
  FROM jsonb_to_recordset(CAST(:identifiers AS jsonb)) AS new (molecule_id bigint, kind text, value text)
 ORDER BY new.molecule_id, new.kind, new.value
    ON CONFLICT (molecule_id, kind, value) DO UPDATE SET is_public = true
 WHERE excluded.is_public AND NOT known.is_public;

-- name: store_mixtures
-- Keep new compositions with their components and make known ones public when something public is known of them.
WITH new AS (
    SELECT *
      FROM jsonb_to_recordset(CAST(:mixtures AS jsonb)) AS row (composition_sha256 text, components jsonb)
), stored AS (
    INSERT INTO cryo.mixture AS known (composition_sha256, is_public)
    SELECT new.composition_sha256, :is_public
      FROM new
     ORDER BY new.composition_sha256
        ON CONFLICT (composition_sha256) DO UPDATE SET is_public = known.is_public OR excluded.is_public
    RETURNING id, composition_sha256, (xmax = 0) AS is_new
)
INSERT INTO cryo.mixture_component (mixture_id, position, molecule_id, material, name, amount, unit)
SELECT stored.id, part.position, part.molecule_id, part.material, part.name, part.amount, part.unit
  FROM stored
  JOIN new USING (composition_sha256)
 CROSS JOIN jsonb_to_recordset(new.components) AS part (
           position smallint, molecule_id bigint, material text, name text, amount double precision, unit text)
 WHERE stored.is_new;

-- name: mixture_ids
-- Numbers of compositions by checksum.
SELECT composition_sha256, id
  FROM cryo.mixture
 WHERE composition_sha256 = ANY (:checksums);

-- name: property_types
-- Numbers of quantities by name.
SELECT name, id
  FROM cryo.property_type;

-- name: store_measurements
-- Keep new rows and leave known ones as they are; tells which are new.
INSERT INTO cryo.measurement (
           target, property_type_id, molecule_id, mixture_id, name, value, unit, conditions, spread, repeat_count,
           source, evidence, is_published, is_curated, details, row_sha256, owner_id, team_id, is_public)
SELECT :target, new.property_type_id, new.molecule_id, new.mixture_id, new.name, new.value, new.unit,
       new.conditions, new.spread, new.repeat_count, new.source, new.evidence, new.is_published, new.is_curated,
       new.details, new.row_sha256, CAST(:owner_id AS uuid), CAST(:team_id AS uuid), :is_public
  FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
           property_type_id smallint, molecule_id bigint, mixture_id bigint, name text, value double precision,
           unit text, conditions jsonb, spread double precision, repeat_count integer, source text, evidence text,
           is_published boolean, is_curated boolean, details jsonb, row_sha256 text)
 ORDER BY new.row_sha256
    ON CONFLICT ON CONSTRAINT measurement_row_key DO NOTHING
RETURNING row_sha256;

-- name: renew_measurements
-- Renew what the installation's own rows say besides their value, as a new release of the bundled tables may.
UPDATE cryo.measurement AS known
   SET spread = new.spread, repeat_count = new.repeat_count, evidence = new.evidence, is_published = new.is_published,
       is_curated = new.is_curated, details = new.details, is_public = known.is_public OR :is_public
  FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
           spread double precision, repeat_count integer, evidence text, is_published boolean, is_curated boolean,
           details jsonb, row_sha256 text)
 WHERE known.row_sha256 = new.row_sha256
   AND known.owner_id IS NULL
   AND (known.spread, known.repeat_count, known.evidence, known.is_published, known.is_curated, known.details,
        known.is_public)
       IS DISTINCT FROM (new.spread, new.repeat_count, new.evidence, new.is_published, new.is_curated, new.details,
                         known.is_public OR :is_public);

-- name: known_measurements
-- Rows of one owner that are there already, with what a second copy could say otherwise.
SELECT measurement.row_sha256, measurement.spread,
       CAST(measurement.details ->> 'tm_kelvin' AS double precision) AS tm_kelvin, measurement.is_public,
       CAST(measurement.team_id AS text) AS team_id
  FROM cryo.measurement
 WHERE measurement.row_sha256 = ANY (:checksums)
   AND measurement.owner_id IS NOT DISTINCT FROM CAST(:owner_id AS uuid);

-- name: training_rows
-- What models learn from: public rows, one's own, and a team's if it is named; always in the same order.
SELECT measurement.name, measurement.value, measurement.unit, measurement.conditions, measurement.details,
       property_type.name AS property_type, measurement.spread, measurement.repeat_count, measurement.source,
       measurement.evidence, measurement.is_published, measurement.is_curated, measurement.is_public
  FROM cryo.measurement
  JOIN cryo.property_type ON property_type.id = measurement.property_type_id
 WHERE measurement.target = :target
   AND (measurement.is_public
        OR measurement.team_id IS NULL AND measurement.owner_id IS NOT DISTINCT FROM (SELECT app.uid())
        OR measurement.team_id = CAST(:team_id AS uuid))
 ORDER BY measurement.details ->> 'inchikey' COLLATE "C", measurement.name COLLATE "C", measurement.value,
       measurement.row_sha256 COLLATE "C", measurement.owner_id NULLS FIRST;

-- name: team_named
-- The number of a team.
SELECT CAST(team.id AS text) AS id
  FROM cryo.team
 WHERE lower(team.name) = lower(:name);

-- name: datasets
-- How many rows of each target one may see, and how many of them models learn from.
SELECT target.name AS target, count(measurement.id) AS row_count,
       count(measurement.id) FILTER (WHERE measurement.is_curated) AS curated_count,
       count(measurement.id) FILTER (WHERE measurement.is_public) AS public_count,
       count(DISTINCT coalesce(measurement.molecule_id, -measurement.mixture_id)) AS subject_count,
       count(DISTINCT measurement.source) AS source_count,
       to_char(max(measurement.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS newest_at
  FROM cryo.target
  LEFT JOIN cryo.measurement ON measurement.target = target.name
 GROUP BY target.name
 ORDER BY target.name;

-- name: rows_after
-- Rows of a target that one may see, in the order of their numbers, after one of them.
SELECT measurement.id, measurement.name, measurement.value, measurement.unit, measurement.conditions,
       measurement.details, property_type.name AS property_type, measurement.spread, measurement.repeat_count,
       measurement.source, measurement.evidence, measurement.is_published, measurement.is_curated, measurement.is_public
  FROM cryo.measurement
  JOIN cryo.property_type ON property_type.id = measurement.property_type_id
 WHERE measurement.target = :target
   AND measurement.id > :after
 ORDER BY measurement.id
 LIMIT CAST(:limit AS bigint);
