-- Long work that runs in a process of its own: its log, and a sign of life by which one sees that it was interrupted.

ALTER TABLE cryo.job ADD COLUMN log text NOT NULL DEFAULT '';
ALTER TABLE cryo.job ADD COLUMN alive_at timestamptz;

COMMENT ON COLUMN cryo.job.alive_at IS 'when its process last said that it works; null for work that does not say so';
