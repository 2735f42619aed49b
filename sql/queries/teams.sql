-- name: add_team
-- Found a team.
INSERT INTO cryo.team (name)
VALUES (:name)
RETURNING CAST(id AS text) AS id;

-- name: teams
-- Teams that one may see, with the number of their members.
SELECT team.name, count(membership.user_id) AS members,
       to_char(team.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created_at
  FROM cryo.team
  LEFT JOIN cryo.membership ON membership.team_id = team.id
 GROUP BY team.id, team.name, team.created_at
 ORDER BY lower(team.name) COLLATE "C";

-- name: members
-- Who belongs to a team, as what.
SELECT app_user.name, membership.role
  FROM cryo.membership
  JOIN cryo.team ON team.id = membership.team_id
  JOIN cryo.app_user ON app_user.id = membership.user_id
 WHERE lower(team.name) = lower(:team)
 ORDER BY lower(app_user.name) COLLATE "C";

-- name: set_member
-- Have somebody belong to a team in a role.
INSERT INTO cryo.membership (team_id, user_id, role)
VALUES (CAST(:team_id AS uuid), CAST(:user_id AS uuid), :role)
    ON CONFLICT (team_id, user_id) DO UPDATE SET role = excluded.role;

-- name: remove_member
-- Have somebody belong to a team no longer.
DELETE FROM cryo.membership
 WHERE team_id = CAST(:team_id AS uuid)
   AND user_id = CAST(:user_id AS uuid)
RETURNING role;

-- name: team_admins
-- Admins of a team, held until the end of the transaction.
SELECT CAST(membership.user_id AS text) AS user_id
  FROM cryo.membership
 WHERE membership.team_id = CAST(:team_id AS uuid)
   AND membership.role = 'admin'
   FOR UPDATE;

-- name: add_share
-- Let somebody view or edit an item until a time; the same share again changes what it allows and until when.
INSERT INTO cryo.share (
           experiment_id, measurement_id, prediction_id, grantee_user_id, grantee_team_id, may, granted_by, expires_at)
VALUES (CAST(:experiment_id AS uuid), CAST(:measurement_id AS bigint), CAST(:prediction_id AS bigint),
        CAST(:user_id AS uuid), CAST(:team_id AS uuid), :may, CAST(:granted_by AS uuid),
        CAST(:expires_at AS timestamptz))
    ON CONFLICT ON CONSTRAINT share_key DO UPDATE SET may = excluded.may, expires_at = excluded.expires_at
RETURNING CAST(id AS text) AS id;

-- name: shares
-- Shares that one may see, newest first.
SELECT CAST(share.id AS text) AS id,
       CASE WHEN share.experiment_id IS NOT NULL THEN 'experiment'
            WHEN share.measurement_id IS NOT NULL THEN 'measurement'
            ELSE 'prediction' END AS item,
       coalesce(CAST(share.experiment_id AS text), CAST(share.measurement_id AS text),
                CAST(share.prediction_id AS text)) AS item_id,
       coalesce(app_user.name, team.name) AS shared_with, share.may,
       to_char(share.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS expires_at
  FROM cryo.share
  LEFT JOIN cryo.app_user ON app_user.id = share.grantee_user_id
  LEFT JOIN cryo.team ON team.id = share.grantee_team_id
 ORDER BY share.created_at DESC, share.id;

-- name: remove_share
-- End a share.
DELETE FROM cryo.share
 WHERE id = CAST(:id AS uuid)
RETURNING id;

-- name: owner_of_item
-- Who owns what is to be shared.
SELECT CAST(owner_id AS text) AS owner_id
  FROM (SELECT 'experiment' AS item, CAST(id AS text) AS id, owner_id FROM cryo.experiment
         UNION ALL
        SELECT 'measurement', CAST(id AS text), owner_id FROM cryo.measurement
         UNION ALL
        SELECT 'prediction', CAST(id AS text), owner_id FROM cryo.prediction) AS owned
 WHERE owned.item = :item
   AND owned.id = :id;
