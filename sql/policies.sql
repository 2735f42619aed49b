-- Who may see and do what. Applied as a whole after each upgrade and whenever this file changes.
--
-- A person sees what is public and what is his own; researchers and admins write their own rows; substances, models and
-- accounts are written by maintenance alone. Every condition on the person is wrapped, (SELECT app.uid()), so that it
-- is computed once a query and not once a row. A person sees a substance when he sees something known of it.

DO $forget$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT tablename, policyname FROM pg_catalog.pg_policies WHERE schemaname = 'cryo' LOOP
        EXECUTE format('DROP POLICY %I ON cryo.%I', found.policyname, found.tablename);
    END LOOP;
END
$forget$;

REVOKE ALL ON ALL TABLES IN SCHEMA cryo FROM public, anon, authenticated, service_role;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA cryo TO service_role;
REVOKE UPDATE, DELETE ON cryo.audit_event FROM service_role;
GRANT SELECT ON app.alembic_version, app.applied_file TO service_role;

-- People

GRANT SELECT (id, name, role, created_at, disabled_at) ON cryo.app_user TO authenticated;
CREATE POLICY app_user_select ON cryo.app_user FOR SELECT TO authenticated
    USING (id = (SELECT app.uid()));

GRANT SELECT ON cryo.app_login TO anon, authenticated;
CREATE POLICY app_login_select ON cryo.app_login FOR SELECT TO authenticated
    USING (login_role = session_user);

GRANT SELECT, INSERT ON cryo.audit_event TO authenticated;
CREATE POLICY audit_event_select ON cryo.audit_event FOR SELECT TO authenticated
    USING (actor_id = (SELECT app.uid()) OR (SELECT app.may('admin')));
CREATE POLICY audit_event_insert ON cryo.audit_event FOR INSERT TO authenticated
    WITH CHECK (actor_id = (SELECT app.uid()) AND (SELECT app.may('viewer')));

-- Measurements

GRANT SELECT ON cryo.measurement TO anon, authenticated;
GRANT INSERT, UPDATE, DELETE ON cryo.measurement TO authenticated;
CREATE POLICY measurement_select_public ON cryo.measurement FOR SELECT TO anon
    USING (is_public);
CREATE POLICY measurement_select ON cryo.measurement FOR SELECT TO authenticated
    USING (is_public OR owner_id = (SELECT app.uid()));
CREATE POLICY measurement_insert ON cryo.measurement FOR INSERT TO authenticated
    WITH CHECK (owner_id = (SELECT app.uid()) AND (SELECT app.may('researcher')));
CREATE POLICY measurement_update ON cryo.measurement FOR UPDATE TO authenticated
    USING (owner_id = (SELECT app.uid()) AND (SELECT app.may('researcher')))
    WITH CHECK (owner_id = (SELECT app.uid()) AND (SELECT app.may('researcher')));
CREATE POLICY measurement_delete ON cryo.measurement FOR DELETE TO authenticated
    USING (owner_id = (SELECT app.uid()) AND (SELECT app.may('researcher')));

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
CREATE POLICY dataset_snapshot_select ON cryo.dataset_snapshot FOR SELECT TO anon, authenticated
    USING (is_public);
CREATE POLICY model_select ON cryo.model FOR SELECT TO anon, authenticated USING (true);
CREATE POLICY model_version_select_public ON cryo.model_version FOR SELECT TO anon
    USING (EXISTS (SELECT FROM cryo.dataset_snapshot WHERE dataset_snapshot.id = model_version.dataset_snapshot_id));
CREATE POLICY model_version_select ON cryo.model_version FOR SELECT TO authenticated USING (true);
CREATE POLICY evaluation_select ON cryo.evaluation FOR SELECT TO anon, authenticated
    USING (is_public);

GRANT SELECT ON cryo.prediction TO anon, authenticated;
GRANT INSERT, DELETE ON cryo.prediction TO authenticated;
CREATE POLICY prediction_select_public ON cryo.prediction FOR SELECT TO anon
    USING (is_public);
CREATE POLICY prediction_select ON cryo.prediction FOR SELECT TO authenticated
    USING (is_public OR owner_id = (SELECT app.uid()));
CREATE POLICY prediction_insert ON cryo.prediction FOR INSERT TO authenticated
    WITH CHECK (owner_id = (SELECT app.uid()) AND (SELECT app.may('researcher')));
CREATE POLICY prediction_delete ON cryo.prediction FOR DELETE TO authenticated
    USING (owner_id = (SELECT app.uid()) AND (SELECT app.may('researcher')));

-- Reports

GRANT SELECT, INSERT, UPDATE ON cryo.report_run TO authenticated;
CREATE POLICY report_run_select ON cryo.report_run FOR SELECT TO authenticated
    USING (owner_id IS NULL OR owner_id = (SELECT app.uid()));
CREATE POLICY report_run_insert ON cryo.report_run FOR INSERT TO authenticated
    WITH CHECK (owner_id = (SELECT app.uid()) AND (SELECT app.may('researcher')));
CREATE POLICY report_run_update ON cryo.report_run FOR UPDATE TO authenticated
    USING (owner_id = (SELECT app.uid()) AND (SELECT app.may('researcher')))
    WITH CHECK (owner_id = (SELECT app.uid()) AND (SELECT app.may('researcher')));
