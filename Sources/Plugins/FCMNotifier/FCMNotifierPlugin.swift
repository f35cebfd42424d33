/// Wakes clients through Firebase Cloud Messaging.
public enum FCMNotifierPlugin {}
