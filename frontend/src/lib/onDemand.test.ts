import { describe, expect, it, vi } from 'vitest'
import { useOnDemand } from './onDemand'

const told = vi.hoisted(() => vi.fn())
vi.mock('./failure', () => ({ useFailure: () => told }))

describe('what comes on demand', () => {
  it('is fetched once and opens', async () => {
    const load = vi.fn(async () => ({ default: 'menu' }))
    const { component, open, show } = useOnDemand(load)
    expect(component.value).toBeNull()
    await show()
    open.value = false
    await show()
    expect([component.value, open.value, load.mock.calls.length]).toEqual(['menu', true, 1])
  })

  it('tells that it did not come, and comes when asked again', async () => {
    const load = vi.fn(async () => ({ default: 'menu' })).mockRejectedValueOnce(new TypeError('offline'))
    const { component, open, show } = useOnDemand(load, 'The search could not be opened')
    await show()
    expect(told).toHaveBeenCalledWith(expect.any(TypeError), 'The search could not be opened', show)
    expect(open.value).toBe(false)
    await show()
    expect([component.value, open.value]).toEqual(['menu', true])
  })
})
