/** A command that sends a device's first reading; pure. */

/** For any shell: the time is that of the moment it runs. */
export const firstReading = (origin: string, uuid: string, secret: string): string =>
  `curl ${origin}/api/ingest \\
  -H "X-Device-ID: ${uuid}" \\
  -H "X-Device-Secret: ${secret}" \\
  -H "Content-Type: application/json" \\
  -d "{\\"ts\\": \\"$(date -u +%FT%TZ)\\", \\"current\\": 5.2, \\"voltage\\": 230.0}"`
