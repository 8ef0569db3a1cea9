import { memoryStore } from '../../runtime/store/memory.ts'
import { storeContract } from './store.contract.ts'

const make = () => memoryStore({ uniqueKeys: { 'business.open_prompts': [['tenant', 'phone']] } })

storeContract('memory', async () => {
  let store = make()
  return {
    get store() {
      return store
    },
    rowsOf: async (table) => (store.tables.rows.get(table) ?? []).map((row) => ({ ...row })),
    clear: async () => {
      store = make()
    },
    dispose: async () => {},
  }
})
