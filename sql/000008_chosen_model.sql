-- The model that sources change to: the one that the last deployment was configured with. A process that is configured with another
-- one is older, and changes none back.
alter table embedding_models add column chosen_at timestamptz;
create unique index embedding_models_chosen on embedding_models ((true)) where chosen_at is not null;
