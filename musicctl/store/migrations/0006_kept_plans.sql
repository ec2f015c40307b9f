-- What the plays of a kept plan were read from: part of what was reviewed. Dangers are [[name, count, limit], ...].
ALTER TABLE musicctl.plans ADD COLUMN source text;

-- Plans of before say less than what is checked now.
DELETE FROM musicctl.plans;
