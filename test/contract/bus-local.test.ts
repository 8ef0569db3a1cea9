import { localBus } from '../../runtime/bus/local.ts'
import { busContract } from './bus.contract.ts'

busContract('local', async () => ({ node: localBus, dispose: async () => {} }))
