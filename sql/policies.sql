-- Who may see and do what. Applied as a whole after each upgrade and whenever this file changes; access_matrix.csv
-- beside it says the same as a table, and `cryokit db access --verify` plays it.
--
-- A person sees what is public, what is his own, what belongs to his teams and what is shared with him. Editors of a
-- team write its rows; owners and team admins remove them. Substances, models, teams and accounts are written by
-- maintenance alone. Who owns a row, which team it belongs to and whether it is public cannot be changed by people:
-- those columns are not granted. Every condition on the person is wrapped, (SELECT app.uid()), so that it is computed
-- once a query and not once a row. A person sees a substance when he sees something known of it.

DO $forget$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT schemaname, tablename, policyname
        FROM pg_catalog.pg_policies
        WHERE schemaname IN ('cryo', 'quarantine')
    LOOP
        EXECUTE format('DROP POLICY %I ON %I.%I', found.policyname, found.schemaname, found.tablename);
    END LOOP;
END
$forget$;

REVOKE ALL ON ALL TABLES IN SCHEMA cryo, quarantine FROM public, anon, authenticated, service_role;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA cryo TO service_role;
REVOKE UPDATE, DELETE ON cryo.audit_event FROM service_role;
GRANT SELECT, INSERT ON quarantine.quarantined_row TO service_role;
GRANT UPDATE (restored_at) ON quarantine.quarantined_row TO service_role;
GRANT SELECT ON app.alembic_version, app.applied_file TO service_role;
-- Health checks compare sequences with their columns.
GRANT SELECT ON ALL SEQUENCES IN SCHEMA cryo, quarantine TO service_role;

-- People

GRANT SELECT (id, name, role, created_at, disabled_at) ON cryo.app_user TO authenticated;
CREATE POLICY app_user_select ON cryo.app_user FOR SELECT TO authenticated
    USING (id = (SELECT app.uid()));

GRANT SELECT ON cryo.app_login TO authenticated;
CREATE POLICY app_login_select ON cryo.app_login FOR SELECT TO authenticated, cryokit_owner
    USING (login_role = session_user);

GRANT SELECT ON cryo.signed_out TO authenticated;
CREATE POLICY signed_out_select ON cryo.signed_out FOR SELECT TO authenticated
    USING (user_id = (SELECT app.uid()));

GRANT SELECT ON cryo.provider_identity TO authenticated;
CREATE POLICY provider_identity_select ON cryo.provider_identity FOR SELECT TO authenticated
    USING (user_id = (SELECT app.uid()));

GRANT SELECT ON cryo.request_key TO authenticated;
CREATE POLICY request_key_select ON cryo.request_key FOR SELECT TO authenticated
    USING (owner_id = (SELECT app.uid()));

GRANT SELECT (id, user_id, name, scope, created_at, expires_at, revoked_at) ON cryo.api_token TO authenticated;
CREATE POLICY api_token_select ON cryo.api_token FOR SELECT TO authenticated
    USING (user_id = (SELECT app.uid()));

GRANT SELECT, INSERT ON cryo.audit_event TO authenticated;
CREATE POLICY audit_event_select ON cryo.audit_event FOR SELECT TO authenticated
    USING (actor_id = (SELECT app.uid()) OR (SELECT app.may('admin')));
CREATE POLICY audit_event_insert ON cryo.audit_event FOR INSERT TO authenticated
    WITH CHECK (actor_id = (SELECT app.uid()) AND (SELECT app.may('viewer')));

GRANT SELECT ON cryo.health_run TO authenticated;
CREATE POLICY health_run_select ON cryo.health_run FOR SELECT TO authenticated
    USING ((SELECT app.may('admin')));

GRANT SELECT ON cryo.backup_set, cryo.backup_drill TO authenticated;
CREATE POLICY backup_set_select ON cryo.backup_set FOR SELECT TO authenticated
    USING ((SELECT app.may('admin')));
CREATE POLICY backup_drill_select ON cryo.backup_drill FOR SELECT TO authenticated
    USING ((SELECT app.may('admin')));

GRANT USAGE ON SCHEMA quarantine TO authenticated;
GRANT SELECT ON quarantine.quarantined_row TO authenticated;
CREATE POLICY quarantined_row_select ON quarantine.quarantined_row FOR SELECT TO authenticated
    USING ((SELECT app.may('admin')));

-- Teams

GRANT SELECT, UPDATE (name) ON cryo.team TO authenticated;
CREATE POLICY team_select ON cryo.team FOR SELECT TO authenticated
    USING (id = ANY ((SELECT app.team_ids('viewer'))::uuid []));
CREATE POLICY team_update ON cryo.team FOR UPDATE TO authenticated
    USING (id = ANY ((SELECT app.team_ids('admin'))::uuid []))
    WITH CHECK (id = ANY ((SELECT app.team_ids('admin'))::uuid []));

GRANT SELECT, INSERT, DELETE, UPDATE (role) ON cryo.membership TO authenticated;
CREATE POLICY membership_select_own ON cryo.membership FOR SELECT TO cryokit_owner
    USING (user_id = (SELECT app.uid()));
CREATE POLICY membership_select ON cryo.membership FOR SELECT TO authenticated
    USING (team_id = ANY ((SELECT app.team_ids('viewer'))::uuid []));
CREATE POLICY membership_insert ON cryo.membership FOR INSERT TO authenticated
    WITH CHECK (team_id = ANY ((SELECT app.team_ids('admin'))::uuid []));
CREATE POLICY membership_update ON cryo.membership FOR UPDATE TO authenticated
    USING (team_id = ANY ((SELECT app.team_ids('admin'))::uuid []))
    WITH CHECK (team_id = ANY ((SELECT app.team_ids('admin'))::uuid []));
CREATE POLICY membership_delete ON cryo.membership FOR DELETE TO authenticated
    USING (team_id = ANY ((SELECT app.team_ids('admin'))::uuid []));

GRANT SELECT, INSERT, DELETE, UPDATE (may, expires_at) ON cryo.share TO authenticated;
CREATE POLICY share_select_received ON cryo.share FOR SELECT TO cryokit_owner
    USING (
        grantee_user_id = (SELECT app.uid())
        OR grantee_team_id = ANY ((SELECT app.team_ids('viewer'))::uuid [])
    );
CREATE POLICY share_select ON cryo.share FOR SELECT TO authenticated
    USING (
        granted_by = (SELECT app.uid())
        OR grantee_user_id = (SELECT app.uid())
        OR grantee_team_id = ANY ((SELECT app.team_ids('viewer'))::uuid [])
    );
CREATE POLICY share_insert ON cryo.share FOR INSERT TO authenticated
    WITH CHECK (
        granted_by = (SELECT app.uid())
        AND (SELECT app.may('researcher'))
        AND (
            EXISTS (
                SELECT
                FROM cryo.experiment
                WHERE experiment.id = share.experiment_id
                    AND (
                        experiment.owner_id = (SELECT app.uid())
                        OR experiment.team_id = ANY ((SELECT app.team_ids('admin'))::uuid [])
                    )
            )
            OR EXISTS (
                SELECT
                FROM cryo.measurement
                WHERE measurement.id = share.measurement_id
                    AND (
                        measurement.owner_id = (SELECT app.uid())
                        OR measurement.team_id = ANY ((SELECT app.team_ids('admin'))::uuid [])
                    )
            )
            OR EXISTS (
                SELECT
                FROM cryo.prediction
                WHERE prediction.id = share.prediction_id
                    AND (
                        prediction.owner_id = (SELECT app.uid())
                        OR prediction.team_id = ANY ((SELECT app.team_ids('admin'))::uuid [])
                    )
            )
        )
    );
CREATE POLICY share_update ON cryo.share FOR UPDATE TO authenticated
    USING (granted_by = (SELECT app.uid()) AND (SELECT app.may('researcher')))
    WITH CHECK (granted_by = (SELECT app.uid()) AND (SELECT app.may('researcher')));
CREATE POLICY share_delete ON cryo.share FOR DELETE TO authenticated
    USING (granted_by = (SELECT app.uid()));

-- Experiments

GRANT SELECT ON cryo.experiment TO anon, authenticated;
GRANT INSERT, DELETE, UPDATE (name, protocol, performed_on) ON cryo.experiment TO authenticated;
CREATE POLICY experiment_select_public ON cryo.experiment FOR SELECT TO anon
    USING (is_public);
CREATE POLICY experiment_select ON cryo.experiment FOR SELECT TO authenticated
    USING (
        is_public
        OR owner_id = (SELECT app.uid())
        OR team_id = ANY ((SELECT app.team_ids('viewer'))::uuid [])
        OR id = ANY ((SELECT app.shared_experiments('view'))::uuid [])
    );
CREATE POLICY experiment_insert ON cryo.experiment FOR INSERT TO authenticated
    WITH CHECK (
        owner_id = (SELECT app.uid())
        AND NOT is_public
        AND (SELECT app.may('researcher'))
        AND (team_id IS NULL OR team_id = ANY ((SELECT app.team_ids('editor'))::uuid []))
    );
CREATE POLICY experiment_update ON cryo.experiment FOR UPDATE TO authenticated
    USING (
        (SELECT app.may('researcher'))
        AND (
            (owner_id = (SELECT app.uid()) AND team_id IS NULL)
            OR team_id = ANY ((SELECT app.team_ids('editor'))::uuid [])
            OR id = ANY ((SELECT app.shared_experiments('edit'))::uuid [])
        )
    )
    WITH CHECK (
        (SELECT app.may('researcher'))
        AND (
            (owner_id = (SELECT app.uid()) AND team_id IS NULL)
            OR team_id = ANY ((SELECT app.team_ids('editor'))::uuid [])
            OR id = ANY ((SELECT app.shared_experiments('edit'))::uuid [])
        )
    );
CREATE POLICY experiment_delete ON cryo.experiment FOR DELETE TO authenticated
    USING (
        (SELECT app.may('researcher'))
        AND (
            (owner_id = (SELECT app.uid()) AND team_id IS NULL)
            OR (owner_id = (SELECT app.uid()) AND team_id = ANY ((SELECT app.team_ids('editor'))::uuid []))
            OR team_id = ANY ((SELECT app.team_ids('admin'))::uuid [])
        )
    );

GRANT SELECT ON cryo.lab_verification TO anon, authenticated;
GRANT INSERT, UPDATE (outcome, note) ON cryo.lab_verification TO authenticated;
CREATE POLICY lab_verification_select ON cryo.lab_verification FOR SELECT TO anon, authenticated
    USING (EXISTS (SELECT FROM cryo.experiment WHERE experiment.id = lab_verification.experiment_id));
CREATE POLICY lab_verification_insert ON cryo.lab_verification FOR INSERT TO authenticated
    WITH CHECK (
        verifier_id = (SELECT app.uid())
        AND (SELECT app.may('researcher'))
        AND EXISTS (
            SELECT
            FROM cryo.experiment
            WHERE experiment.id = lab_verification.experiment_id
                AND (
                    (experiment.owner_id = (SELECT app.uid()) AND experiment.team_id IS NULL)
                    OR experiment.team_id = ANY ((SELECT app.team_ids('editor'))::uuid [])
                    OR experiment.id = ANY ((SELECT app.shared_experiments('edit'))::uuid [])
                )
        )
    );
CREATE POLICY lab_verification_update ON cryo.lab_verification FOR UPDATE TO authenticated
    USING (verifier_id = (SELECT app.uid()) AND (SELECT app.may('researcher')))
    WITH CHECK (verifier_id = (SELECT app.uid()) AND (SELECT app.may('researcher')));

-- Measurements

GRANT SELECT ON cryo.measurement TO anon, authenticated;
GRANT INSERT, DELETE ON cryo.measurement TO authenticated;
GRANT UPDATE (
    name, value, unit, conditions, spread, repeat_count, source, evidence, is_published, is_curated, details, row_sha256
) ON cryo.measurement TO authenticated;
CREATE POLICY measurement_select_public ON cryo.measurement FOR SELECT TO anon
    USING (is_public);
CREATE POLICY measurement_select ON cryo.measurement FOR SELECT TO authenticated
    USING (
        is_public
        OR owner_id = (SELECT app.uid())
        OR team_id = ANY ((SELECT app.team_ids('viewer'))::uuid [])
        OR id = ANY ((SELECT app.shared_measurements('view'))::bigint [])
        OR experiment_id = ANY ((SELECT app.shared_experiments('view'))::uuid [])
    );
CREATE POLICY measurement_insert ON cryo.measurement FOR INSERT TO authenticated
    WITH CHECK (
        owner_id = (SELECT app.uid())
        AND NOT is_public
        AND (SELECT app.may('researcher'))
        AND (team_id IS NULL OR team_id = ANY ((SELECT app.team_ids('editor'))::uuid []))
        AND (
            experiment_id IS NULL
            OR EXISTS (
                SELECT
                FROM cryo.experiment
                WHERE experiment.id = measurement.experiment_id
                    AND (
                        (experiment.owner_id = (SELECT app.uid()) AND experiment.team_id IS NULL)
                        OR experiment.team_id = ANY ((SELECT app.team_ids('editor'))::uuid [])
                        OR experiment.id = ANY ((SELECT app.shared_experiments('edit'))::uuid [])
                    )
            )
        )
    );
CREATE POLICY measurement_update ON cryo.measurement FOR UPDATE TO authenticated
    USING (
        (SELECT app.may('researcher'))
        AND (
            (owner_id = (SELECT app.uid()) AND team_id IS NULL)
            OR team_id = ANY ((SELECT app.team_ids('editor'))::uuid [])
            OR id = ANY ((SELECT app.shared_measurements('edit'))::bigint [])
            OR experiment_id = ANY ((SELECT app.shared_experiments('edit'))::uuid [])
        )
    )
    WITH CHECK (
        (SELECT app.may('researcher'))
        AND (
            (owner_id = (SELECT app.uid()) AND team_id IS NULL)
            OR team_id = ANY ((SELECT app.team_ids('editor'))::uuid [])
            OR id = ANY ((SELECT app.shared_measurements('edit'))::bigint [])
            OR experiment_id = ANY ((SELECT app.shared_experiments('edit'))::uuid [])
        )
    );
CREATE POLICY measurement_delete ON cryo.measurement FOR DELETE TO authenticated
    USING (
        (SELECT app.may('researcher'))
        AND (
            (owner_id = (SELECT app.uid()) AND team_id IS NULL)
            OR (owner_id = (SELECT app.uid()) AND team_id = ANY ((SELECT app.team_ids('editor'))::uuid []))
            OR team_id = ANY ((SELECT app.team_ids('admin'))::uuid [])
        )
    );

-- Substances

GRANT SELECT ON cryo.molecule, cryo.molecule_identifier, cryo.mixture, cryo.mixture_component TO anon, authenticated;
CREATE POLICY mixture_select_public ON cryo.mixture FOR SELECT TO anon
    USING (is_public);
CREATE POLICY mixture_select ON cryo.mixture FOR SELECT TO authenticated
    USING (
        is_public
        OR EXISTS (SELECT FROM cryo.measurement WHERE measurement.mixture_id = mixture.id)
    );
CREATE POLICY mixture_component_select ON cryo.mixture_component FOR SELECT TO anon, authenticated
    USING (EXISTS (SELECT FROM cryo.mixture WHERE mixture.id = mixture_component.mixture_id));
CREATE POLICY molecule_select_public ON cryo.molecule FOR SELECT TO anon
    USING (is_public);
CREATE POLICY molecule_select ON cryo.molecule FOR SELECT TO authenticated
    USING (
        is_public
        OR EXISTS (SELECT FROM cryo.measurement WHERE measurement.molecule_id = molecule.id)
        OR EXISTS (SELECT FROM cryo.mixture_component WHERE mixture_component.molecule_id = molecule.id)
    );
CREATE POLICY molecule_identifier_select_public ON cryo.molecule_identifier FOR SELECT TO anon
    USING (is_public);
CREATE POLICY molecule_identifier_select ON cryo.molecule_identifier FOR SELECT TO authenticated
    USING (
        is_public
        OR EXISTS (
            SELECT
            FROM cryo.measurement
            WHERE measurement.molecule_id = molecule_identifier.molecule_id
                AND measurement.name = molecule_identifier.value
        )
    );

GRANT SELECT ON cryo.property_type, cryo.target TO anon, authenticated;
CREATE POLICY property_type_select ON cryo.property_type FOR SELECT TO anon, authenticated USING (true);
CREATE POLICY target_select ON cryo.target FOR SELECT TO anon, authenticated USING (true);

-- Models

GRANT SELECT ON cryo.dataset_snapshot, cryo.model, cryo.model_version, cryo.evaluation TO anon, authenticated;
CREATE POLICY dataset_snapshot_select_public ON cryo.dataset_snapshot FOR SELECT TO anon
    USING (is_public);
CREATE POLICY dataset_snapshot_select ON cryo.dataset_snapshot FOR SELECT TO authenticated
    USING (is_public OR team_id = ANY ((SELECT app.team_ids('viewer'))::uuid []));
CREATE POLICY model_select ON cryo.model FOR SELECT TO anon, authenticated USING (true);
-- A model gives away the rows that it learned from: who may not see them may not use it.
CREATE POLICY model_version_select ON cryo.model_version FOR SELECT TO anon, authenticated
    USING (EXISTS (SELECT FROM cryo.dataset_snapshot WHERE dataset_snapshot.id = model_version.dataset_snapshot_id));
CREATE POLICY evaluation_select_public ON cryo.evaluation FOR SELECT TO anon
    USING (is_public);
CREATE POLICY evaluation_select ON cryo.evaluation FOR SELECT TO authenticated
    USING (
        is_public
        OR owner_id = (SELECT app.uid())
        OR owner_id IS NULL AND EXISTS (
            SELECT
            FROM cryo.model_version
            INNER JOIN cryo.dataset_snapshot ON model_version.dataset_snapshot_id = dataset_snapshot.id
            WHERE model_version.id = evaluation.model_version_id
                AND dataset_snapshot.team_id = ANY ((SELECT app.team_ids('viewer'))::uuid [])
        )
    );

-- Who may see a version may see how it became the current one; admins move the current version.
GRANT SELECT ON cryo.promotion TO anon, authenticated;
GRANT INSERT ON cryo.promotion TO authenticated;
CREATE POLICY promotion_select ON cryo.promotion FOR SELECT TO anon, authenticated
    USING (EXISTS (SELECT FROM cryo.model_version WHERE model_version.id = promotion.model_version_id));
CREATE POLICY promotion_insert ON cryo.promotion FOR INSERT TO authenticated
    WITH CHECK (
        actor_id = (SELECT app.uid())
        AND (SELECT app.may('admin'))
        AND EXISTS (SELECT FROM cryo.model_version WHERE model_version.id = promotion.model_version_id)
    );

GRANT SELECT ON cryo.prediction TO anon, authenticated;
GRANT INSERT, DELETE ON cryo.prediction TO authenticated;
CREATE POLICY prediction_select_public ON cryo.prediction FOR SELECT TO anon
    USING (is_public);
CREATE POLICY prediction_select ON cryo.prediction FOR SELECT TO authenticated
    USING (
        is_public
        OR owner_id = (SELECT app.uid())
        OR team_id = ANY ((SELECT app.team_ids('viewer'))::uuid [])
        OR id = ANY ((SELECT app.shared_predictions())::bigint [])
    );
CREATE POLICY prediction_insert ON cryo.prediction FOR INSERT TO authenticated
    WITH CHECK (
        owner_id = (SELECT app.uid())
        AND NOT is_public
        AND (SELECT app.may('researcher'))
        AND (team_id IS NULL OR team_id = ANY ((SELECT app.team_ids('editor'))::uuid []))
    );
CREATE POLICY prediction_delete ON cryo.prediction FOR DELETE TO authenticated
    USING (
        (SELECT app.may('researcher'))
        AND (
            (owner_id = (SELECT app.uid()) AND team_id IS NULL)
            OR (owner_id = (SELECT app.uid()) AND team_id = ANY ((SELECT app.team_ids('editor'))::uuid []))
            OR team_id = ANY ((SELECT app.team_ids('admin'))::uuid [])
        )
    );

-- Work

GRANT SELECT, INSERT ON cryo.job TO authenticated;
GRANT UPDATE (status) ON cryo.job TO authenticated;
CREATE POLICY job_select ON cryo.job FOR SELECT TO authenticated
    USING (owner_id = (SELECT app.uid()));
CREATE POLICY job_insert ON cryo.job FOR INSERT TO authenticated
    WITH CHECK (owner_id = (SELECT app.uid()) AND (SELECT app.may('researcher')));
CREATE POLICY job_update ON cryo.job FOR UPDATE TO authenticated
    USING (owner_id = (SELECT app.uid()) AND (SELECT app.may('researcher')))
    WITH CHECK (owner_id = (SELECT app.uid()) AND status = 'cancelled' AND (SELECT app.may('researcher')));

-- Reports

GRANT SELECT, INSERT, UPDATE ON cryo.report_run TO authenticated;
CREATE POLICY report_run_select ON cryo.report_run FOR SELECT TO authenticated
    USING (owner_id IS NULL OR owner_id = (SELECT app.uid()));
CREATE POLICY report_run_insert ON cryo.report_run FOR INSERT TO authenticated
    WITH CHECK (owner_id = (SELECT app.uid()) AND (SELECT app.may('researcher')));
CREATE POLICY report_run_update ON cryo.report_run FOR UPDATE TO authenticated
    USING (owner_id = (SELECT app.uid()) AND (SELECT app.may('researcher')))
    WITH CHECK (owner_id = (SELECT app.uid()) AND (SELECT app.may('researcher')));
