-- Requests that begin work may carry a key: sent again with it, they are answered as the first time and begin nothing.

CREATE TABLE cryo.request_key (
    owner_id uuid NOT NULL
        CONSTRAINT request_key_owner_id_fkey REFERENCES cryo.app_user (id) ON DELETE CASCADE,
    key text NOT NULL
        CONSTRAINT request_key_key_length CHECK (length(key) BETWEEN 1 AND 200),
    request_sha256 text NOT NULL
        CONSTRAINT request_key_request_sha256_is_one CHECK (request_sha256 ~ '^[0-9a-f]{64}$'),
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    status integer,
    location text,
    body text,
    CONSTRAINT request_key_pkey PRIMARY KEY (owner_id, key),
    CONSTRAINT request_key_answered_as_a_whole CHECK ((status IS NULL) = (body IS NULL))
);

COMMENT ON TABLE cryo.request_key IS 'keys of requests that began work, with their answers; forgotten after 24 hours';
COMMENT ON COLUMN cryo.request_key.request_sha256 IS 'of method, address and body of the request';
COMMENT ON COLUMN cryo.request_key.status IS 'HTTP status of the answer; null until there is one';
ALTER TABLE cryo.request_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
