--! contract 000009
-- Since 000009 searches call question_terms instead.
drop function question_words(regconfig[], text, text[]);
