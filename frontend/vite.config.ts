import ui from '@nuxt/ui/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { notices } from './scripts/notices.ts'
import { precompress } from './scripts/precompress.ts'

const out = '../powerdash/web/static/dist'

export default defineConfig({
  plugins: [
    vue(),
    ui({
      router: 'inertia',
      autoImport: false,
      components: { dts: 'src/components.d.ts' },
      icon: { clientBundle: { scan: { globInclude: ['src/**/*.{vue,ts}'] } } },
      ui: {
        colors: { primary: 'teal', neutral: 'slate' },
        // Small text in rem and not below 0.75: it grows with the page on a wall, and can be read.
        badge: { variants: { size: { sm: { base: 'text-xs/4 py-0.5' } } } },
        // Paler under the pointer, but not so much that white is hard to read on it.
        button: {
          compoundVariants: [
            { color: 'primary', variant: 'solid', class: 'hover:bg-primary/90 active:bg-primary/90' },
            { color: 'error', variant: 'solid', class: 'hover:bg-error/90 active:bg-error/90' },
          ],
        },
        // A long title ends before the button that closes.
        modal: { slots: { title: 'pe-8' } },
        inputTags: { variants: { size: { md: { item: 'text-xs/4' } } } },
        kbd: { variants: { size: { sm: 'min-w-4 text-[0.75rem]/4', md: 'min-w-5 text-xs' } } },
      },
    }),
    notices('licenses-assets.md'),
    precompress(out),
  ],
  // Relative: the built files may be served under any prefix.
  base: './',
  // One copy while developing too: the icons are added to the copy the components ask.
  optimizeDeps: { exclude: ['@iconify/vue'] },
  resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } },
  build: {
    outDir: out,
    emptyOutDir: true,
    manifest: 'manifest.json',
    license: { fileName: 'licenses.md' },
    target: 'es2022',
    rolldownOptions: { input: 'src/main.ts' },
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'] },
})
