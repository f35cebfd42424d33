/// Keeps everything in one SQLite file.
public enum SQLiteStorePlugin {}
