// Mounts one page with sample props: /dev/index.html?page=devices/Show&sample=never-seen
import '../src/app.css'
import { createInertiaApp } from '@inertiajs/vue3'
import ui from '@nuxt/ui/vue-plugin'
import { createApp, type DefineComponent, h } from 'vue'
import AppLayout from '../src/layouts/AppLayout.vue'
import Root from '../src/Root.vue'
import { answer, samples } from './samples'

const asked = new URLSearchParams(location.search)
const component = asked.get('page') ?? 'overview/Index'
const sample = asked.get('sample') ?? 'usual'
const given = samples[component]?.[sample]
if (!given) throw new Error(`There is no sample "${sample}" of "${component}".`)

const network = window.fetch.bind(window)
window.fetch = async (input, init) => {
  const url = new URL(String(input), location.href)
  if (!url.pathname.startsWith('/api/')) return network(input, init)
  await new Promise((resolve) => setTimeout(resolve, 150))
  return answer(url, init?.method ?? 'GET')
}

const pages = import.meta.glob<{ default: DefineComponent }>('../src/pages/**/*.vue')

createInertiaApp({
  page: { component, props: given, url: location.pathname + location.search, version: null } as never,
  async resolve(name: string) {
    const load = pages[`../src/pages/${name}.vue`]
    if (!load) throw new Error(`There is no page "${name}".`)
    const page = (await load()).default
    page.layout ??= name === 'auth/Login' ? undefined : AppLayout
    return page
  },
  setup({ el, App, props, plugin }) {
    createApp({ render: () => h(Root, () => h(App, props)) })
      .use(plugin)
      .use(ui)
      .mount(el as Element)
  },
})
