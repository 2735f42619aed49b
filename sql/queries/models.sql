-- name: store_snapshot
-- Keep the rows that a model learns from; the same rows are kept once.
INSERT INTO cryo.dataset_snapshot AS known (target, sha256, row_count, content, is_public, team_id)
VALUES (:target, :sha256, :row_count, CAST(:content AS jsonb), :is_public, CAST(:team_id AS uuid))
    ON CONFLICT (target, sha256) DO UPDATE SET is_public = known.is_public AND excluded.is_public
RETURNING CAST(id AS text) AS id, CAST(team_id AS text) AS team_id;

-- name: snapshot
-- The rows that a model learned from.
SELECT CAST(id AS text) AS id, target, sha256, row_count, content, is_public
  FROM cryo.dataset_snapshot
 WHERE id = CAST(:id AS uuid);

-- name: snapshots
-- What models of a target learned from, newest first, and which versions did.
SELECT CAST(dataset_snapshot.id AS text) AS id, dataset_snapshot.target, dataset_snapshot.sha256,
       dataset_snapshot.row_count, dataset_snapshot.is_public,
       to_char(dataset_snapshot.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created_at,
       coalesce(
           (SELECT array_agg(model_version.version ORDER BY model_version.version)
              FROM cryo.model_version
             WHERE model_version.dataset_snapshot_id = dataset_snapshot.id),
           '{}') AS versions
  FROM cryo.dataset_snapshot
 WHERE dataset_snapshot.target = :target
 ORDER BY dataset_snapshot.created_at DESC, dataset_snapshot.id;

-- name: store_model
-- Have the line of versions of a target.
INSERT INTO cryo.model (target) VALUES (:target)
    ON CONFLICT (target) DO NOTHING;

-- name: lock_model
-- Keep other trainings from taking the same version number.
SELECT id FROM cryo.model WHERE target = :target FOR UPDATE;

-- name: store_model_version
-- Register a trained model under the next number of its target.
INSERT INTO cryo.model_version (
           model_id, version, dataset_snapshot_id, dataset_sha256, artifact_sha256, metrics, verdict, seed, recipe,
           library_versions)
SELECT model.id,
       1 + (SELECT coalesce(max(version), 0) FROM cryo.model_version WHERE model_id = model.id),
       snapshot.id, snapshot.sha256, :artifact_sha256, CAST(:metrics AS jsonb), :verdict, :seed,
       CAST(:recipe AS jsonb), CAST(:library_versions AS jsonb)
  FROM cryo.model
  JOIN cryo.dataset_snapshot AS snapshot ON snapshot.target = model.target
 WHERE model.target = :target
   AND snapshot.id = CAST(:snapshot_id AS uuid)
RETURNING version;

-- name: model_versions
-- Versions of one target or of all, oldest first; one is each owner's current one, one is used where none is named.
-- The current one is that of the newest move or, without any, the newest; a team's is used before one of nobody.
WITH listed AS (
    SELECT model_version.id, model.target, model_version.version, model_version.verdict, model_version.metrics,
           model_version.seed, model_version.dataset_snapshot_id, model_version.dataset_sha256,
           dataset_snapshot.row_count, model_version.artifact_sha256, model_version.recipe,
           model_version.library_versions, dataset_snapshot.is_public, dataset_snapshot.team_id,
           CASE WHEN dataset_snapshot.team_id IS NOT NULL THEN CAST(dataset_snapshot.team_id AS text)
                WHEN dataset_snapshot.is_public THEN 'everybody'
                ELSE 'maintenance' END AS owner,
           model_version.created_at, moved.id AS move, moved.kind, moved.is_override, moved.reason,
           coalesce(moved.promoted_at, model_version.created_at) AS current_since
      FROM cryo.model_version
      JOIN cryo.model ON model.id = model_version.model_id
      LEFT JOIN cryo.dataset_snapshot ON dataset_snapshot.id = model_version.dataset_snapshot_id
      LEFT JOIN LATERAL (
               SELECT promotion.id, promotion.kind, promotion.is_override, promotion.reason, promotion.promoted_at
                 FROM cryo.promotion
                WHERE promotion.model_version_id = model_version.id
                ORDER BY promotion.id DESC
                LIMIT 1) AS moved ON true
     WHERE CAST(:target AS text) IS NULL OR model.target = :target
), ranked AS (
    SELECT *,
           row_number() OVER (PARTITION BY target, owner ORDER BY move DESC NULLS LAST, version DESC) = 1 AS is_current
      FROM listed
), chosen AS (
    SELECT *,
           is_current AND row_number() OVER (
               PARTITION BY target
               ORDER BY is_current DESC, (team_id IS NOT NULL) DESC, move DESC NULLS LAST, version DESC
           ) = 1 AS is_default
      FROM ranked
)
SELECT target, version, verdict, metrics, seed, CAST(dataset_snapshot_id AS text) AS dataset_snapshot_id, dataset_sha256,
       row_count AS dataset_rows, artifact_sha256, recipe, library_versions, is_public, CAST(team_id AS text) AS team_id,
       owner, is_current, is_default, kind AS promotion, reason AS promotion_reason,
       coalesce(is_override, false) AS is_override,
       to_char(current_since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS current_since,
       to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_at
  FROM chosen
 WHERE (CAST(:version AS integer) IS NULL OR version = :version)
 ORDER BY target COLLATE "C", version;

-- name: lock_promotions
-- Let one move of a target's current version wait for another.
SELECT pg_advisory_xact_lock(hashtextextended('cryokit promotions ' || CAST(:target AS text), 0));

-- name: promotions
-- Moves of the current version of one target or of all, oldest first, each with the version that was current before.
WITH listed AS (
    SELECT promotion.id, model.target, model_version.version, promotion.depth, promotion.kind, promotion.is_override,
           promotion.reason, promotion.actor_id, app_user.name AS actor, promotion.promoted_at,
           CASE WHEN dataset_snapshot.team_id IS NOT NULL THEN CAST(dataset_snapshot.team_id AS text)
                WHEN dataset_snapshot.is_public THEN 'everybody'
                ELSE 'maintenance' END AS owner
      FROM cryo.promotion
      JOIN cryo.model_version ON model_version.id = promotion.model_version_id
      JOIN cryo.model ON model.id = model_version.model_id
      JOIN cryo.dataset_snapshot ON dataset_snapshot.id = model_version.dataset_snapshot_id
      LEFT JOIN cryo.app_user ON app_user.id = promotion.actor_id
     WHERE CAST(:target AS text) IS NULL OR model.target = :target
)
SELECT target, owner, lag(version) OVER (PARTITION BY target, owner ORDER BY id) AS from_version,
       version AS to_version, kind, is_override, reason, CAST(actor_id AS text) AS actor_id, actor, depth,
       to_char(promoted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS promoted_at
  FROM listed
 ORDER BY id;

-- name: store_promotion
-- Make a version the current one of its owner.
INSERT INTO cryo.promotion (model_version_id, depth, kind, is_override, reason, actor_id)
SELECT model_version.id, :depth, :kind, :is_override, :reason, CAST(:actor_id AS uuid)
  FROM cryo.model_version
  JOIN cryo.model ON model.id = model_version.model_id
 WHERE model.target = :target
   AND model_version.version = :version
RETURNING CAST(id AS text) AS id;

-- name: store_evaluation
-- Keep predictions for rows that the model had not seen; as public as the rows that the model learned from.
INSERT INTO cryo.evaluation (model_version_id, kind, split, metrics, baselines, rows, is_public, owner_id)
SELECT model_version.id, :kind, :split, CAST(:metrics AS jsonb), CAST(:baselines AS jsonb), CAST(:rows AS jsonb),
       dataset_snapshot.is_public AND :is_public, CAST(:owner_id AS uuid)
  FROM cryo.model_version
  JOIN cryo.model ON model.id = model_version.model_id
  JOIN cryo.dataset_snapshot ON dataset_snapshot.id = model_version.dataset_snapshot_id
 WHERE model.target = :target
   AND model_version.version = :version
RETURNING CAST(id AS text) AS id;

-- name: evaluations
-- Evaluations of one target or of all without their rows, oldest first.
SELECT CAST(evaluation.id AS text) AS id, model.target, model_version.version, evaluation.kind, evaluation.split,
       evaluation.metrics, evaluation.baselines, jsonb_array_length(evaluation.rows) AS row_count,
       to_char(evaluation.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_at
  FROM cryo.evaluation
  JOIN cryo.model_version ON model_version.id = evaluation.model_version_id
  JOIN cryo.model ON model.id = model_version.model_id
 WHERE CAST(:target AS text) IS NULL OR model.target = :target
 ORDER BY evaluation.created_at, evaluation.id;

-- name: evaluation
-- One evaluation with its rows.
SELECT CAST(evaluation.id AS text) AS id, model.target, model_version.version, evaluation.kind, evaluation.split,
       evaluation.metrics, evaluation.baselines, evaluation.rows,
       to_char(evaluation.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_at
  FROM cryo.evaluation
  JOIN cryo.model_version ON model_version.id = evaluation.model_version_id
  JOIN cryo.model ON model.id = model_version.model_id
 WHERE evaluation.id = CAST(:id AS uuid);

-- name: store_predictions
-- Keep predictions, joined with what is known of their subject.
INSERT INTO cryo.prediction (
           model_version_id, subject, molecule_id, name, value, unit, lower, upper, confidence, conditions, in_training,
           in_domain, domain_reasons, owner_id)
SELECT model_version.id, new.subject, molecule.id, new.name, new.value, new.unit, new.lower, new.upper, new.confidence,
       new.conditions, new.in_training, new.in_domain, new.domain_reasons, CAST(:owner_id AS uuid)
  FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
           target text, model_version integer, subject text, inchikey text, name text, value double precision, unit text,
           lower double precision, upper double precision, confidence double precision, conditions jsonb,
           in_training boolean, in_domain boolean, domain_reasons jsonb)
  JOIN cryo.model ON model.target = new.target
  JOIN cryo.model_version ON model_version.model_id = model.id AND model_version.version = new.model_version
  LEFT JOIN cryo.molecule ON molecule.inchikey = new.inchikey;

-- name: predictions
-- Stored predictions of one target or of all, newest first.
SELECT model.target, prediction.subject, prediction.name, prediction.value, prediction.unit, prediction.lower,
       prediction.upper, prediction.confidence, model_version.version AS model_version, prediction.conditions,
       prediction.in_training, prediction.in_domain, prediction.domain_reasons,
       to_char(prediction.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_at
  FROM cryo.prediction
  JOIN cryo.model_version ON model_version.id = prediction.model_version_id
  JOIN cryo.model ON model.id = model_version.model_id
 WHERE CAST(:target AS text) IS NULL OR model.target = :target
 ORDER BY prediction.created_at DESC, prediction.id DESC
 LIMIT CAST(:limit AS integer);
