-- What the similarity of a model's vectors counts in the score of a search, relative to the match of words. It belongs to the model:
-- similarities of one model are not those of another. 3 was chosen for all-MiniLM-L6-v2 (see search.sql), and is the default of others.
alter table embedding_models add column vector_weight double precision not null default 3 check (vector_weight >= 0);
