/// Requests to web services of others, within limits.
package enum WebClient {}
