// The stock clients, as a page uses them: pusher-js, or laravel-echo on top of it.
// Started with one JSON argument; prints what it sees as JSON lines; ends with its input.
const crypto = require('node:crypto')
const { createRequire } = require('node:module')
const path = require('node:path')
const { pathToFileURL } = require('node:url')

const wanted = JSON.parse(process.argv[2])
const load = createRequire(wanted.packages)
const tell = (what, more) => console.log(JSON.stringify({ what, ...more }))

// Stands for the web application, which signs for those who may join a channel.
function authorize({ socketId, channelName }, callback) {
  const secret = channelName.includes('forbidden') ? 'wrong' : wanted.secret
  const signature = crypto
    .createHmac('sha256', secret)
    .update(`${socketId}:${channelName}`)
    .digest('hex')
  callback(null, { auth: `${wanted.key}:${signature}` })
}

const options = {
  wsHost: '127.0.0.1',
  wsPort: wanted.port,
  forceTLS: false,
  enabledTransports: ['ws'],
  cluster: 'mt1',
  activityTimeout: wanted.activityTimeout ?? 120000,
  channelAuthorization: { customHandler: authorize },
}

function watch(pusher) {
  pusher.connection.bind('state_change', ({ current }) => {
    tell('state', { state: current, socketId: pusher.connection.socket_id })
  })
  pusher.connection.bind('error', ({ error }) => tell('error', { code: error?.data?.code }))
  pusher.connection.bind('message', ({ event }) => {
    if (event === 'pusher:pong') tell('pong')
  })
}

function withPusher(Pusher) {
  const pusher = new Pusher(wanted.key, options)
  watch(pusher)
  for (const name of wanted.channels) {
    const channel = pusher.subscribe(name)
    channel.bind('pusher:subscription_succeeded', () => tell('subscribed', { name }))
    channel.bind('pusher:subscription_error', ({ type, status }) =>
      tell('refused', { name, type, status }),
    )
    channel.bind('DeviceStatusChanged', (data) => tell('event', { name, data }))
  }
}

function withEcho(Pusher, Echo) {
  const echo = new Echo({ broadcaster: 'pusher', key: wanted.key, Pusher, ...options })
  watch(echo.connector.pusher)
  for (const name of wanted.channels) {
    const isPrivate = name.startsWith('private-')
    const channel = isPrivate ? echo.private(name.slice(8)) : echo.channel(name)
    channel
      .subscribed(() => tell('subscribed', { name }))
      .error(({ type, status }) => tell('refused', { name, type, status }))
      .listen('.DeviceStatusChanged', (data) => tell('event', { name, data }))
  }
}

// Echo's CommonJS build does not load under Node: its package says that it is none.
const echoFile = path.join(path.dirname(wanted.packages), 'node_modules/laravel-echo/dist/echo.js')

async function main() {
  const Pusher = load('pusher-js')
  if (wanted.echo) withEcho(Pusher, (await import(pathToFileURL(echoFile))).default)
  else withPusher(Pusher)
}

main()
process.stdin.on('end', () => process.exit(0)).resume()
