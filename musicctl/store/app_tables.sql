-- The app's tables in the shape of the reference application; each is created only where it is missing.
CREATE TABLE {schema}.songs (song_id text PRIMARY KEY, songname text, user_id text);
CREATE INDEX songs_user_id_idx ON {schema}.songs (user_id);
CREATE TABLE {schema}.artists (artist_id text PRIMARY KEY, artistname text, user_id text);
CREATE INDEX artists_user_id_idx ON {schema}.artists (user_id);
CREATE TABLE {schema}.playlists (playlist_id text PRIMARY KEY, user_id text, name text, total_plays bigint);
CREATE INDEX playlists_user_id_idx ON {schema}.playlists (user_id);
CREATE TABLE {schema}.user_data (user_id text PRIMARY KEY, fav_genre text);
