-- name: forget_request_keys
-- Forget keys, of anybody, whose time is over.
DELETE FROM cryo.request_key
 WHERE begun_at < clock_timestamp() - make_interval(hours => CAST(:hours AS integer))
RETURNING key;

-- name: claim_request_key
-- Keep a key for a request that begins; no row comes back when its owner has used it.
-- A key without answer, of whose work nobody says any more that it is alive, is free for the same request.
INSERT INTO cryo.request_key (owner_id, key, request_sha256)
VALUES (CAST(:owner_id AS uuid), :key, :request_sha256)
    ON CONFLICT (owner_id, key) DO UPDATE
   SET begun_at = clock_timestamp(), alive_at = clock_timestamp()
 WHERE request_key.status IS NULL
   AND request_key.request_sha256 = excluded.request_sha256
   AND request_key.alive_at < clock_timestamp() - make_interval(secs => :silent_seconds)
RETURNING key, begun_at;

-- name: request_alive
-- Say that the answer to a request is still being worked on.
UPDATE cryo.request_key
   SET alive_at = clock_timestamp()
 WHERE owner_id = CAST(:owner_id AS uuid)
   AND key = :key
   AND begun_at = CAST(:begun_at AS timestamptz)
   AND status IS NULL
RETURNING key;

-- name: request_key
-- What a key was used for, and the answer, if there is one yet.
SELECT request_sha256, status, location, body
  FROM cryo.request_key
 WHERE owner_id = CAST(:owner_id AS uuid)
   AND key = :key;

-- name: answer_request_key
-- Keep the answer to a request, unless another one took its key meanwhile.
UPDATE cryo.request_key
   SET status = CAST(:status AS integer), location = :location, body = :body
 WHERE owner_id = CAST(:owner_id AS uuid)
   AND key = :key
   AND begun_at = CAST(:begun_at AS timestamptz)
RETURNING key;

-- name: release_request_key
-- Give back the key of a request that was refused, unless another one took it meanwhile.
DELETE FROM cryo.request_key
 WHERE owner_id = CAST(:owner_id AS uuid)
   AND key = :key
   AND begun_at = CAST(:begun_at AS timestamptz)
   AND status IS NULL
RETURNING key;
