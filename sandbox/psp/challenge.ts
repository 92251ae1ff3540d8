import type { Payment } from './book.ts'

/** The 3-D Secure page a buyer is sent to: two buttons, no script. */
export function challengePage(payment: Payment): string {
  const amount = escapeHtml(`${payment.amount} minor units ${payment.currency}`)
  const body =
    payment.status === 'requires_action'
      ? `<p>Pay ${amount} for order ${escapeHtml(payment.reference)}?</p>
<form method="post" action="/challenge/${payment.id}/approve"><button>Approve</button></form>
<form method="post" action="/challenge/${payment.id}/decline"><button>Decline</button></form>`
      : `<p>This payment was already answered: ${payment.status}.</p>`
  return page('Your bank asks', body)
}

/** For a payment without a `returnUrl`. */
export function answeredPage(payment: Payment): string {
  return page('Thank you', `<p>The payment is ${payment.status}. You can close this page.</p>`)
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1>
${body}
</body></html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
