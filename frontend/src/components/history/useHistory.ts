import { useDebounceFn, useIntervalFn } from '@vueuse/core'
import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { ApiError, api, type SeriesAsked } from '@/lib/api'
import {
  asSeries,
  type Band,
  type Before,
  bands,
  barSeconds,
  completeness,
  earlierMs,
  type Field,
  isOfSteps,
  mostPoints,
  type Series,
  type Source,
  withTotal,
} from '@/lib/history'
import { type Marked, markedOf, NONE_MARKED, together } from '@/lib/markers'
import { present, useNow } from '@/lib/now'
import {
  bounds,
  type Choice,
  clamped,
  exact,
  firstPreset,
  type Preset,
  rangeOf,
  readChoice,
  refreshMs,
  type Span,
} from '@/lib/ranges'
import { onReconnect } from '@/lib/realtime'
import type { Range } from '@/lib/series'

export interface Asked {
  sources: readonly Source[]
  fields: readonly Field[]
  before: Before
}

/** One quantity of all sources, ready to draw; `past` is the range before, moved onto this one. */
export interface Panel {
  field: Field
  bands: Band[]
  past: Band[]
}

/** What was answered, with what it answers. */
export interface Shown {
  range: Range
  before: Before
  panels: Panel[]
  tier: string
  covered: number | null
}

const LEAP_MS = 60_000
const REST_MS = 250

/**
 * A range of time over some sources: chosen, asked for, kept up to date.
 *
 * `whole` is where the readings begin and end, `width` that of a chart in pixels.
 */
export function useHistory(asked: () => Asked, whole: () => Span, width: () => number) {
  const start = (): Choice => {
    const now = present()
    const preset = firstPreset(now, whole())
    return readChoice(location.search, now, whole()) ?? { preset, range: rangeOf(preset, now, whole()) }
  }
  const choice = shallowRef<Choice>(start())
  const shown = shallowRef<Shown | null>(null)
  const failure = ref<string | null>(null)
  const loading = ref(false)
  let running: AbortController | null = null

  async function load(): Promise<void> {
    running?.abort()
    const own = new AbortController()
    running = own
    loading.value = true
    mark()
    try {
      shown.value = await answer(asked(), choice.value.range, width(), own.signal)
      failure.value = null
    } catch (reason) {
      if (own.signal.aborted) return
      failure.value = reason instanceof ApiError ? reason.message : 'The history could not be read.'
    } finally {
      if (running === own) loading.value = false
    }
  }

  /** What is marked, asked for once the range rests: the markers in view stay where they are meanwhile. */
  const marks = shallowRef<Marked>(NONE_MARKED)
  const mark = useDebounceFn(async () => {
    const own = running
    const { sources } = asked()
    const all = sources.map((source) => marked(source, sources.length > 1, choice.value.range, own?.signal))
    // Without an answer nothing is marked; the lines are there.
    const found = await Promise.all(all).catch(() => [])
    if (own === running) marks.value = together(found)
  }, REST_MS)

  function choose(next: Choice): void {
    const { from, to } = choice.value.range
    const same = next.preset === choice.value.preset && next.range.from === from && next.range.to === to
    if (same) return
    choice.value = next
    load()
  }
  const choosePreset = (preset: Preset) => choose({ preset, range: rangeOf(preset, present(), whole()) })
  /** Look at exactly this. */
  const chooseRange = (range: Range) => choose({ preset: 'custom', range: exact(range) })
  /** Move to about this: not farther than there is something to see. */
  const moveTo = (range: Range) => {
    const within = bounds(choice.value.range, present(), whole())
    choose({ preset: 'custom', range: clamped(range, within) })
  }
  const restart = () => choose(start())

  /** Ask again, for the range as it is by now. */
  function renew(): void {
    const { preset } = choice.value
    if (moving.value) choice.value = { preset, range: rangeOf(preset, present(), whole()) }
    load()
  }

  load()
  watch(asked, load)
  onReconnect(() => (failure.value || moving.value) && renew())
  onScopeDispose(() => running?.abort())
  // A range that ends now moves on by itself, and at once when the clock leapt: it was set, or the machine slept.
  const moving = computed(() => !['custom', 'all'].includes(choice.value.preset))
  watch(useNow(), (now, before) => Math.abs(now - before) > LEAP_MS && moving.value && renew())
  useIntervalFn(
    () => {
      if (moving.value && !document.hidden && !loading.value) renew()
    },
    computed(() => refreshMs(choice.value.range)),
  )
  return { choice, shown, marks, failure, loading, load, choosePreset, chooseRange, moveTo, restart }
}

async function answer(asked: Asked, range: Range, width: number, signal: AbortSignal): Promise<Shown> {
  const { sources, fields, before } = asked
  const later = earlierMs(range, before)
  const earlier = { from: range.from - later, to: range.to - later }
  const [now, past] = await Promise.all([
    seriesOf(asked, range, width, signal),
    later ? seriesOf(asked, earlier, width, signal) : [],
  ])
  const of = (field: Field) => (one: Answer) => one.isOfSteps === isOfSteps(field)
  const panels = fields.map((field) => ({
    field,
    bands: placed(now.find(of(field)), sources, field, 0),
    past: placed(past.find(of(field)), sources, field, later),
  }))
  const all = now[0]?.series ?? []
  return {
    range,
    before,
    panels,
    tier: all[0]?.tier ?? '5m',
    covered: completeness(all),
  }
}

interface Answer {
  isOfSteps: boolean
  series: Series[]
}

/** Lines are asked for together; bars by themselves, for they have fewer steps. */
async function seriesOf(
  { sources, fields }: Asked,
  range: Range,
  width: number,
  signal: AbortSignal,
): Promise<Answer[]> {
  const groups = [false, true]
    .map((steps) => fields.filter((field) => isOfSteps(field) === steps))
    .filter((group) => group.length > 0)
  return Promise.all(
    groups.map(async (group) => {
      const [first] = group as [Field]
      const steps = isOfSteps(first) ? { stepS: barSeconds(range, width) } : { maxPoints: mostPoints(width) }
      const query = { range, fields: group, ...steps }
      const series = await Promise.all(sources.map((source) => read(source, query, signal)))
      return { isOfSteps: isOfSteps(first), series }
    }),
  )
}

const read = async ({ uuid }: Source, query: SeriesAsked, signal: AbortSignal): Promise<Series> => {
  if (uuid) return api.series(uuid, query, signal)
  const { fields: _, ...rest } = query
  return asSeries(await api.total(rest, signal))
}

async function marked(
  { uuid, name }: Source,
  several: boolean,
  range: Range,
  signal: AbortSignal | undefined,
): Promise<Marked> {
  if (!uuid) return NONE_MARKED
  const { data, truncated } = await api.markers(uuid, range, signal)
  return markedOf(data, truncated, several ? name : '')
}

/** All sources' bands, each with a place and so a colour of its own. */
function placed(
  found: Answer | undefined,
  sources: readonly Source[],
  field: Field,
  laterMs: number,
): Band[] {
  const all: Band[] = []
  found?.series.forEach((series, index) => {
    all.push(...bands(series, field, sources[index] as Source, all.length, laterMs))
  })
  const [only, ...others] = sources
  return only && !others.length ? withTotal(all, field, only) : all
}
