-- Requests sent with an Idempotency-Key: whoever sends one again gets the first answer. Kept for a day.
create table idempotent_requests (
  -- SHA-256 (hex) of caller, route and the client's key.
  key text primary key,
  -- SHA-256 (hex) of the request's parameters and body.
  fingerprint text not null,
  -- The id of what the request makes: one that was cut off goes on under it.
  resource_id text not null,
  -- {status, body, headers}; null while it is worked on. Not jsonb, which would put the body's fields in another order.
  answer json check (answer is null or json_typeof(answer) = 'object'),
  claimed_at timestamptz not null,
  created_at timestamptz not null
);

create index idempotent_requests_age on idempotent_requests (created_at);
