import { registerRootComponent } from 'expo'
import { App } from './app'

const start = () => registerRootComponent(App)
if ('Temporal' in globalThis) start()
else void import('temporal-polyfill/global').then(start)
