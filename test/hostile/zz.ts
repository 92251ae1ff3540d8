import { openTestApi } from '../support/api.ts'
import { describeApi } from '../../server/main.ts'
const api = await openTestApi()
let t=performance.now()
describeApi(); console.log('describe', performance.now()-t)
for (const a of [undefined,'Bearer','Bearer wb_sk_0000000000000000000000000000000000000000000','Bearer undefined','Basic d2I6a2V5',"Bearer ' or 1=1 --",`Bearer ${'x'.repeat(8000)}`]) {
  t=performance.now()
  for (let i=0;i<20;i++) await api.send({method:'GET',path:'/v1/admin/orders',headers:a===undefined?{}:{authorization:a}})
  console.log(String(a).slice(0,30),(performance.now()-t)/20)
}
await api.close()
