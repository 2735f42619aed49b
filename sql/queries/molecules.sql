-- name: molecules_after
-- Molecules that one may see, in the order of their numbers, after one of them.
SELECT molecule.id, molecule.inchikey, molecule.smiles
  FROM cryo.molecule
 WHERE molecule.id > :after
   AND (CAST(:inchikey AS text) IS NULL OR molecule.inchikey LIKE CAST(:inchikey AS text) || '%')
   AND (CAST(:name AS text) IS NULL
        OR EXISTS (
               SELECT
                 FROM cryo.molecule_identifier
                WHERE molecule_identifier.molecule_id = molecule.id
                  AND strpos(lower(molecule_identifier.value), lower(CAST(:name AS text))) > 0))
 ORDER BY molecule.id
 LIMIT CAST(:limit AS bigint);

-- name: known_of_molecules
-- Under which names molecules are known, and how often which target was measured.
SELECT molecule.id,
       coalesce(
           (SELECT array_agg(DISTINCT molecule_identifier.value ORDER BY molecule_identifier.value)
              FROM cryo.molecule_identifier
             WHERE molecule_identifier.molecule_id = molecule.id),
           '{}') AS names,
       coalesce(
           (SELECT jsonb_object_agg(counted.target, counted.number)
              FROM (SELECT measurement.target, count(*) AS number
                      FROM cryo.measurement
                     WHERE measurement.molecule_id = molecule.id
                     GROUP BY measurement.target) AS counted),
           '{}') AS measured
  FROM cryo.molecule
 WHERE molecule.id = ANY (:ids)
 ORDER BY molecule.id;

-- name: measurements_of_molecule
-- What was measured of one molecule.
SELECT measurement.target, property_type.name AS quantity, measurement.name, measurement.value, measurement.unit,
       measurement.spread, measurement.repeat_count, measurement.conditions, measurement.source, measurement.evidence,
       measurement.is_curated, measurement.is_public
  FROM cryo.measurement
  JOIN cryo.molecule ON molecule.id = measurement.molecule_id
  JOIN cryo.property_type ON property_type.id = measurement.property_type_id
 WHERE molecule.inchikey = :inchikey
 ORDER BY measurement.target, measurement.id;
