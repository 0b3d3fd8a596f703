import { describe, expect, it } from 'vitest'
import { ApiError, csrfHeaders, query } from './api'

describe('query', () => {
  it('leaves out what is not set and joins lists', () => {
    expect(query({ status: '', tags: ['a', 'b'], page: 2, user_id: null })).toBe('tags=a%2Cb&page=2')
  })
})

describe('csrfHeaders', () => {
  it('reads the token from its cookie', () => {
    expect(csrfHeaders('sessionid=1; XSRF-TOKEN=a%3Db')).toEqual({ 'X-XSRF-TOKEN': 'a=b' })
    expect(csrfHeaders('')).toEqual({})
  })
})

describe('ApiError', () => {
  it('gives forms the first text of each field', () => {
    const error = new ApiError(422, 'invalid', 'No.', { name: ['Give a name.', 'Too long.'], tags: [] })
    expect(error.fields).toEqual({ name: 'Give a name.', tags: '' })
  })
})
