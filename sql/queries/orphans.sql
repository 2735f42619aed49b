-- name: api_token_user_id_fkey
-- Rows of api_token whose user_id names no app_user.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.api_token AS child
 WHERE child.user_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.user_id);

-- name: app_login_user_id_fkey
-- Rows of app_login whose user_id names no app_user.
SELECT jsonb_build_object('login_role', child.login_role) AS key
  FROM cryo.app_login AS child
 WHERE child.user_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.user_id);

-- name: audit_event_actor_id_fkey
-- Rows of audit_event whose actor_id names no app_user.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.audit_event AS child
 WHERE child.actor_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.actor_id);

-- name: backup_drill_backup_set_id_fkey
-- Rows of backup_drill whose backup_set_id names no backup_set.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.backup_drill AS child
 WHERE child.backup_set_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.backup_set AS parent WHERE parent.id = child.backup_set_id);

-- name: dataset_snapshot_target_fkey
-- Rows of dataset_snapshot whose target names no target.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.dataset_snapshot AS child
 WHERE child.target IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.target AS parent WHERE parent.name = child.target);

-- name: dataset_snapshot_team_id_fkey
-- Rows of dataset_snapshot whose team_id names no team.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.dataset_snapshot AS child
 WHERE child.team_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.team AS parent WHERE parent.id = child.team_id);

-- name: evaluation_model_version_id_fkey
-- Rows of evaluation whose model_version_id names no model_version.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.evaluation AS child
 WHERE child.model_version_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.model_version AS parent WHERE parent.id = child.model_version_id);

-- name: evaluation_owner_id_fkey
-- Rows of evaluation whose owner_id names no app_user.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.evaluation AS child
 WHERE child.owner_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.owner_id);

-- name: experiment_owner_id_fkey
-- Rows of experiment whose owner_id names no app_user.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.experiment AS child
 WHERE child.owner_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.owner_id);

-- name: experiment_team_id_fkey
-- Rows of experiment whose team_id names no team.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.experiment AS child
 WHERE child.team_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.team AS parent WHERE parent.id = child.team_id);

-- name: job_owner_id_fkey
-- Rows of job whose owner_id names no app_user.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.job AS child
 WHERE child.owner_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.owner_id);

-- name: lab_verification_experiment_id_fkey
-- Rows of lab_verification whose experiment_id names no experiment.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.lab_verification AS child
 WHERE child.experiment_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.experiment AS parent WHERE parent.id = child.experiment_id);

-- name: lab_verification_verifier_id_fkey
-- Rows of lab_verification whose verifier_id names no app_user.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.lab_verification AS child
 WHERE child.verifier_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.verifier_id);

-- name: measurement_experiment_id_fkey
-- Rows of measurement whose experiment_id names no experiment.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.measurement AS child
 WHERE child.experiment_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.experiment AS parent WHERE parent.id = child.experiment_id);

-- name: measurement_mixture_id_fkey
-- Rows of measurement whose mixture_id names no mixture.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.measurement AS child
 WHERE child.mixture_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.mixture AS parent WHERE parent.id = child.mixture_id);

-- name: measurement_molecule_id_fkey
-- Rows of measurement whose molecule_id names no molecule.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.measurement AS child
 WHERE child.molecule_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.molecule AS parent WHERE parent.id = child.molecule_id);

-- name: measurement_owner_id_fkey
-- Rows of measurement whose owner_id names no app_user.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.measurement AS child
 WHERE child.owner_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.owner_id);

-- name: measurement_property_type_id_fkey
-- Rows of measurement whose property_type_id names no property_type.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.measurement AS child
 WHERE child.property_type_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.property_type AS parent WHERE parent.id = child.property_type_id);

-- name: measurement_target_fkey
-- Rows of measurement whose target names no target.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.measurement AS child
 WHERE child.target IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.target AS parent WHERE parent.name = child.target);

-- name: measurement_team_id_fkey
-- Rows of measurement whose team_id names no team.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.measurement AS child
 WHERE child.team_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.team AS parent WHERE parent.id = child.team_id);

-- name: membership_team_id_fkey
-- Rows of membership whose team_id names no team.
SELECT jsonb_build_object('team_id', child.team_id, 'user_id', child.user_id) AS key
  FROM cryo.membership AS child
 WHERE child.team_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.team AS parent WHERE parent.id = child.team_id);

-- name: membership_user_id_fkey
-- Rows of membership whose user_id names no app_user.
SELECT jsonb_build_object('team_id', child.team_id, 'user_id', child.user_id) AS key
  FROM cryo.membership AS child
 WHERE child.user_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.user_id);

-- name: mixture_component_mixture_id_fkey
-- Rows of mixture_component whose mixture_id names no mixture.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.mixture_component AS child
 WHERE child.mixture_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.mixture AS parent WHERE parent.id = child.mixture_id);

-- name: mixture_component_molecule_id_fkey
-- Rows of mixture_component whose molecule_id names no molecule.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.mixture_component AS child
 WHERE child.molecule_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.molecule AS parent WHERE parent.id = child.molecule_id);

-- name: model_target_fkey
-- Rows of model whose target names no target.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.model AS child
 WHERE child.target IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.target AS parent WHERE parent.name = child.target);

-- name: model_version_dataset_fkey
-- Rows of model_version whose dataset_snapshot_id and dataset_sha256 names no dataset_snapshot.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.model_version AS child
 WHERE child.dataset_snapshot_id IS NOT NULL
   AND child.dataset_sha256 IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.dataset_snapshot AS parent WHERE parent.id = child.dataset_snapshot_id AND parent.sha256 = child.dataset_sha256);

-- name: model_version_model_id_fkey
-- Rows of model_version whose model_id names no model.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.model_version AS child
 WHERE child.model_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.model AS parent WHERE parent.id = child.model_id);

-- name: molecule_identifier_molecule_id_fkey
-- Rows of molecule_identifier whose molecule_id names no molecule.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.molecule_identifier AS child
 WHERE child.molecule_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.molecule AS parent WHERE parent.id = child.molecule_id);

-- name: prediction_mixture_id_fkey
-- Rows of prediction whose mixture_id names no mixture.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.prediction AS child
 WHERE child.mixture_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.mixture AS parent WHERE parent.id = child.mixture_id);

-- name: prediction_model_version_id_fkey
-- Rows of prediction whose model_version_id names no model_version.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.prediction AS child
 WHERE child.model_version_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.model_version AS parent WHERE parent.id = child.model_version_id);

-- name: prediction_molecule_id_fkey
-- Rows of prediction whose molecule_id names no molecule.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.prediction AS child
 WHERE child.molecule_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.molecule AS parent WHERE parent.id = child.molecule_id);

-- name: prediction_owner_id_fkey
-- Rows of prediction whose owner_id names no app_user.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.prediction AS child
 WHERE child.owner_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.owner_id);

-- name: prediction_team_id_fkey
-- Rows of prediction whose team_id names no team.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.prediction AS child
 WHERE child.team_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.team AS parent WHERE parent.id = child.team_id);

-- name: promotion_actor_id_fkey
-- Rows of promotion whose actor_id names no app_user.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.promotion AS child
 WHERE child.actor_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.actor_id);

-- name: promotion_model_version_id_fkey
-- Rows of promotion whose model_version_id names no model_version.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.promotion AS child
 WHERE child.model_version_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.model_version AS parent WHERE parent.id = child.model_version_id);

-- name: provider_identity_user_id_fkey
-- Rows of provider_identity whose user_id names no app_user.
SELECT jsonb_build_object('issuer', child.issuer, 'subject', child.subject) AS key
  FROM cryo.provider_identity AS child
 WHERE child.user_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.user_id);

-- name: report_run_job_id_fkey
-- Rows of report_run whose job_id names no job.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.report_run AS child
 WHERE child.job_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.job AS parent WHERE parent.id = child.job_id);

-- name: report_run_owner_id_fkey
-- Rows of report_run whose owner_id names no app_user.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.report_run AS child
 WHERE child.owner_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.owner_id);

-- name: request_key_owner_id_fkey
-- Rows of request_key whose owner_id names no app_user.
SELECT jsonb_build_object('owner_id', child.owner_id, 'key', child.key) AS key
  FROM cryo.request_key AS child
 WHERE child.owner_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.owner_id);

-- name: share_experiment_id_fkey
-- Rows of share whose experiment_id names no experiment.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.share AS child
 WHERE child.experiment_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.experiment AS parent WHERE parent.id = child.experiment_id);

-- name: share_granted_by_fkey
-- Rows of share whose granted_by names no app_user.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.share AS child
 WHERE child.granted_by IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.granted_by);

-- name: share_grantee_team_id_fkey
-- Rows of share whose grantee_team_id names no team.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.share AS child
 WHERE child.grantee_team_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.team AS parent WHERE parent.id = child.grantee_team_id);

-- name: share_grantee_user_id_fkey
-- Rows of share whose grantee_user_id names no app_user.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.share AS child
 WHERE child.grantee_user_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.grantee_user_id);

-- name: share_measurement_id_fkey
-- Rows of share whose measurement_id names no measurement.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.share AS child
 WHERE child.measurement_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.measurement AS parent WHERE parent.id = child.measurement_id);

-- name: share_prediction_id_fkey
-- Rows of share whose prediction_id names no prediction.
SELECT jsonb_build_object('id', child.id) AS key
  FROM cryo.share AS child
 WHERE child.prediction_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.prediction AS parent WHERE parent.id = child.prediction_id);

-- name: signed_out_user_id_fkey
-- Rows of signed_out whose user_id names no app_user.
SELECT jsonb_build_object('session_id', child.session_id) AS key
  FROM cryo.signed_out AS child
 WHERE child.user_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM cryo.app_user AS parent WHERE parent.id = child.user_id);
