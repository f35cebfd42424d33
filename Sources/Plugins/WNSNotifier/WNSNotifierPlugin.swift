/// Wakes clients through the Windows Push Notification Services.
public enum WNSNotifierPlugin {}
