/** STK callbacks as Safaricom sends them. */
export function successCallback(checkoutRequestId: string, receipt = 'NLJ7RT61SV', amount = 10, phone = 254708374149): object {
  return {
    Body: {
      stkCallback: {
        MerchantRequestID: '29115-34620561-1',
        CheckoutRequestID: checkoutRequestId,
        ResultCode: 0,
        ResultDesc: 'The service request is processed successfully.',
        CallbackMetadata: {
          Item: [{ Name: 'Amount', Value: amount }, { Name: 'MpesaReceiptNumber', Value: receipt }, { Name: 'Balance' }, { Name: 'TransactionDate', Value: 20191219102115 }, { Name: 'PhoneNumber', Value: phone }],
        },
      },
    },
  }
}

export function failureCallback(checkoutRequestId: string, resultCode = 1032): object {
  return { Body: { stkCallback: { MerchantRequestID: 'm', CheckoutRequestID: checkoutRequestId, ResultCode: resultCode, ResultDesc: '[STK_CB - ]Request cancelled by user' } } }
}

/** A C2B validation or confirmation of ten shillings for the account 12345674. */
export function c2bBody(fields: object): object {
  return {
    TransactionType: 'Pay Bill',
    TransID: 'RKTQDM7W6S',
    TransTime: '20260101063845',
    TransAmount: '10.00',
    BusinessShortCode: '600638',
    BillRefNumber: '12345674',
    InvoiceNumber: '',
    OrgAccountBalance: '49197.00',
    ThirdPartyTransID: '',
    MSISDN: '2547*****126',
    FirstName: 'JOHN',
    MiddleName: '',
    LastName: 'DOE',
    ...fields,
  }
}
