-- name: add_user
-- Open an account.
INSERT INTO cryo.app_user (name, role, password_hash)
VALUES (:name, :role, :password_hash)
RETURNING id, name, role;

-- name: users
-- Accounts that one may see, without their passwords.
SELECT CAST(id AS text) AS id, name, role,
       to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created_at,
       to_char(disabled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS disabled_at
  FROM cryo.app_user
 ORDER BY lower(name) COLLATE "C";

-- name: user_by_name
-- One account with the hash of its password, for signing in.
SELECT CAST(id AS text) AS id, name, role, password_hash, failed_sign_ins,
       to_char(disabled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS disabled_at,
       coalesce(locked_until > now(), false) AS is_locked
  FROM cryo.app_user
 WHERE lower(name) = lower(:name);

-- name: count_failed_sign_in
-- One more wrong password; from the limit on, each locks the account for a while.
UPDATE cryo.app_user
   SET failed_sign_ins = failed_sign_ins + 1,
       locked_until = CASE WHEN failed_sign_ins + 1 >= CAST(:limit AS integer)
                           THEN now() + make_interval(mins => CAST(:minutes AS integer))
                           ELSE locked_until
                      END
 WHERE id = CAST(:id AS uuid)
RETURNING failed_sign_ins;

-- name: forget_failed_sign_ins
-- The right password came.
UPDATE cryo.app_user
   SET failed_sign_ins = 0, locked_until = NULL
 WHERE id = CAST(:id AS uuid);

-- name: identity
-- An account that may act now, and since when its password is what it is; nobody if the session was signed out.
SELECT id, name, role, password_changed_at
  FROM cryo.app_user
 WHERE id = CAST(:id AS uuid)
   AND disabled_at IS NULL
   AND NOT EXISTS (SELECT FROM cryo.signed_out WHERE signed_out.session_id = CAST(:session_id AS uuid));

-- name: sign_out
-- A session ends everywhere; what was signed out and is over by itself is forgotten.
WITH forgotten AS (
    DELETE FROM cryo.signed_out
     WHERE expires_at < now()
       AND session_id <> CAST(:session_id AS uuid)
)
INSERT INTO cryo.signed_out (session_id, user_id, expires_at)
SELECT CAST(:session_id AS uuid), app_user.id, to_timestamp(CAST(:expires_at AS double precision))
  FROM cryo.app_user
 WHERE app_user.id = CAST(:user_id AS uuid)
    ON CONFLICT (session_id) DO NOTHING;

-- name: set_password
-- Replace the hash of an open account's password; sessions from before end.
UPDATE cryo.app_user
   SET password_hash = :password_hash, password_changed_at = :changed_at, failed_sign_ins = 0, locked_until = NULL
 WHERE lower(name) = lower(:name)
   AND disabled_at IS NULL
RETURNING CAST(id AS text) AS id;

-- name: disable_user
-- Close an account; one that is closed keeps the time at which it was.
UPDATE cryo.app_user
   SET disabled_at = coalesce(disabled_at, now())
 WHERE lower(name) = lower(:name)
RETURNING CAST(id AS text) AS id;

-- name: enable_user
-- Open a closed or locked account again.
UPDATE cryo.app_user
   SET disabled_at = NULL, failed_sign_ins = 0, locked_until = NULL
 WHERE lower(name) = lower(:name)
RETURNING CAST(id AS text) AS id;

-- name: open_admins
-- Names of the administrators who can sign in, held until the end of the transaction.
SELECT name
  FROM cryo.app_user
 WHERE role = 'admin'
   AND disabled_at IS NULL
   FOR UPDATE;

-- name: login_of
-- The personal database login of an account.
SELECT app_login.login_role
  FROM cryo.app_login
  JOIN cryo.app_user ON app_user.id = app_login.user_id
 WHERE lower(app_user.name) = lower(:name);

-- name: store_login
-- Say whose a personal database login is.
INSERT INTO cryo.app_login (login_role, user_id)
SELECT :login_role, app_user.id
  FROM cryo.app_user
 WHERE lower(app_user.name) = lower(:name)
    ON CONFLICT (login_role) DO NOTHING;

-- name: record_event
-- Write down who did what.
INSERT INTO cryo.audit_event (actor_id, action, object, detail)
VALUES (CAST(:actor_id AS uuid), :action, :object, CAST(:detail AS jsonb));

-- name: events
-- What was done, newest first: all, or what somebody did whose name or doing holds a text.
SELECT audit_event.id, to_char(audit_event.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS recorded_at,
       CAST(audit_event.actor_id AS text) AS actor_id, app_user.name AS actor, audit_event.action, audit_event.object,
       audit_event.detail
  FROM cryo.audit_event
  LEFT JOIN cryo.app_user ON app_user.id = audit_event.actor_id
 WHERE audit_event.id < CAST(:before AS bigint)
   AND (CAST(:text AS text) IS NULL
        OR strpos(lower(concat_ws(' ', app_user.name, audit_event.action, audit_event.object)),
                  lower(CAST(:text AS text))) > 0)
 ORDER BY audit_event.id DESC
 LIMIT CAST(:limit AS integer);

-- name: add_token
-- Remember a key of a program, by its checksum.
INSERT INTO cryo.api_token (id, user_id, name, scope, token_sha256, expires_at)
SELECT CAST(:id AS uuid), app_user.id, :name, :scope, :token_sha256, now() + CAST(:lifetime AS interval)
  FROM cryo.app_user
 WHERE lower(app_user.name) = lower(:user)
   AND app_user.disabled_at IS NULL
RETURNING id;

-- name: tokens
-- Keys of programs, newest first; the keys themselves are not kept.
SELECT CAST(api_token.id AS text) AS id, api_token.name, app_user.name AS user, api_token.scope,
       to_char(api_token.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created_at,
       to_char(api_token.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS expires_at,
       to_char(api_token.revoked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS revoked_at
  FROM cryo.api_token
  JOIN cryo.app_user ON app_user.id = api_token.user_id
 ORDER BY api_token.created_at DESC, api_token.id;

-- name: revoke_token
-- Take a key back; one that is taken back keeps the time at which it was.
UPDATE cryo.api_token
   SET revoked_at = coalesce(revoked_at, now())
 WHERE id = CAST(:id AS uuid)
   AND (CAST(:user_id AS uuid) IS NULL OR user_id = CAST(:user_id AS uuid))
RETURNING id;

-- name: token_person
-- For whom a key acts and what it is for; nobody if it is unknown, over or taken back, or the account is closed.
SELECT app_user.id, app_user.name, app_user.role, api_token.scope
  FROM cryo.api_token
  JOIN cryo.app_user ON app_user.id = api_token.user_id
 WHERE api_token.id = CAST(:id AS uuid)
   AND api_token.revoked_at IS NULL
   AND api_token.expires_at > now()
   AND app_user.disabled_at IS NULL;

-- name: account_of_provider
-- The account that a provider of identities knows by a subject.
SELECT CAST(app_user.id AS text) AS id, app_user.name, app_user.role, app_user.disabled_at IS NOT NULL AS is_disabled,
       coalesce(app_user.locked_until > now(), false) AS is_locked
  FROM cryo.provider_identity
  JOIN cryo.app_user ON app_user.id = provider_identity.user_id
 WHERE provider_identity.issuer = :issuer
   AND provider_identity.subject = :subject;

-- name: link_provider
-- Say whose account it is that a provider knows by a subject.
INSERT INTO cryo.provider_identity (issuer, subject, user_id)
SELECT :issuer, :subject, app_user.id
  FROM cryo.app_user
 WHERE lower(app_user.name) = lower(:name)
RETURNING CAST(user_id AS text) AS id;

-- name: unlink_provider
-- Forget all by which providers know an account.
DELETE FROM cryo.provider_identity
 USING cryo.app_user
 WHERE app_user.id = provider_identity.user_id
   AND lower(app_user.name) = lower(:name)
RETURNING CAST(user_id AS text) AS id, issuer, subject;

-- name: is_known_to_a_provider
-- Whether an account signs in at a provider of identities.
SELECT EXISTS (SELECT FROM cryo.provider_identity WHERE user_id = CAST(:id AS uuid)) AS is_so;

-- name: set_role
-- Give an account another role.
UPDATE cryo.app_user
   SET role = :role
 WHERE lower(name) = lower(:name)
RETURNING CAST(id AS text) AS id;
