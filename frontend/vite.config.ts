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
      ui: { colors: { primary: 'teal', neutral: 'slate' } },
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
