-- name: forget_request_keys
-- Forget keys, of anybody, whose time is over.
DELETE FROM cryo.request_key
 WHERE begun_at < clock_timestamp() - make_interval(hours => CAST(:hours AS integer))
RETURNING key;

-- name: claim_request_key
-- Keep a key for a request that begins; no row comes back when its owner has used it.
INSERT INTO cryo.request_key (owner_id, key, request_sha256)
VALUES (CAST(:owner_id AS uuid), :key, :request_sha256)
    ON CONFLICT (owner_id, key) DO NOTHING
RETURNING key;

-- name: request_key
-- What a key was used for, and the answer, if there is one yet.
SELECT request_sha256, status, location, body
  FROM cryo.request_key
 WHERE owner_id = CAST(:owner_id AS uuid)
   AND key = :key;

-- name: answer_request_key
-- Keep the answer to a request.
UPDATE cryo.request_key
   SET status = CAST(:status AS integer), location = :location, body = :body
 WHERE owner_id = CAST(:owner_id AS uuid)
   AND key = :key
RETURNING key;

-- name: release_request_key
-- Give back the key of a request that was refused.
DELETE FROM cryo.request_key
 WHERE owner_id = CAST(:owner_id AS uuid)
   AND key = :key
   AND status IS NULL
RETURNING key;
