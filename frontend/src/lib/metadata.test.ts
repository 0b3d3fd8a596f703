import { expect, it } from 'vitest'
import { parseMetadata, showMetadata } from './metadata'

it('reads an object and takes nothing as the empty one', () => {
  expect(parseMetadata('{"panel": "A3"}')).toEqual({ ok: true, value: { panel: 'A3' } })
  expect(parseMetadata('  ')).toEqual({ ok: true, value: {} })
})

it.each(['[1]', '"x"', '{', 'null'])('refuses %s', (text) => {
  expect(parseMetadata(text).ok).toBe(false)
})

it('shows an object so that it can be read again', () => {
  expect(showMetadata({})).toBe('')
  expect(parseMetadata(showMetadata({ a: 1 }))).toEqual({ ok: true, value: { a: 1 } })
})
