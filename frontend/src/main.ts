import './app.css'
import { createInertiaApp } from '@inertiajs/vue3'
import ui from '@nuxt/ui/vue-plugin'
import { createApp, type DefineComponent, h } from 'vue'
import Root from './Root.vue'

const pages = import.meta.glob<{ default: DefineComponent }>('./pages/**/*.vue')
const BARE = ['auth/Login']

async function resolve(name: string): Promise<DefineComponent> {
  const load = pages[`./pages/${name}.vue`]
  if (!load) throw new Error(`There is no page "${name}".`)
  const framed = !BARE.includes(name)
  const [page, layout] = await Promise.all([load(), framed ? import('./layouts/AppLayout.vue') : null])
  page.default.layout ??= layout?.default
  return page.default
}

createInertiaApp({
  resolve,
  title: (title) => (title ? `${title} · powerdash` : 'powerdash'),
  progress: { color: 'var(--ui-primary)', delay: 200, showSpinner: false },
  setup({ el, App, props, plugin }) {
    if (!el) throw new Error('The page has no element to mount on.')
    createApp({ render: () => h(Root, () => h(App, props)) })
      .use(plugin)
      .use(ui)
      .mount(el)
  },
})
