/** Metadata as people type it: a JSON object, or nothing; pure. */

export type Parsed = { ok: true; value: Record<string, unknown> } | { ok: false; message: string }

/** Read an object; empty is the empty object. */
export function parseMetadata(text: string): Parsed {
  if (!text.trim()) return { ok: true, value: {} }
  try {
    const value: unknown = JSON.parse(text)
    if (value && typeof value === 'object' && !Array.isArray(value)) return { ok: true, value: { ...value } }
  } catch {
    // Told below, with what is right instead of the parser's words.
  }
  return { ok: false, message: 'Give a JSON object, such as {"panel": "A3"}.' }
}

/** An object as one edits it; the empty object as nothing. */
export const showMetadata = (value: Record<string, unknown>): string =>
  Object.keys(value).length ? JSON.stringify(value, null, 2) : ''
