import { describe, expect, test } from 'vitest'
import { readStkQuery } from '../../../actors/gateways/mpesa/query-result.ts'

const answer = (status: number, json: unknown) => ({ status, json, text: JSON.stringify(json), headers: {} })

const COMPLETE = {
  ResponseCode: '0',
  ResponseDescription: 'The service request has been accepted successsfully',
  MerchantRequestID: '22205-34066-1',
  CheckoutRequestID: 'ws_CO_13012021093521236557',
  ResultCode: '0',
  ResultDesc: 'The service request is processed successfully.',
}

describe('STK query answers', () => {
  test.each([
    ['0', COMPLETE], ['0', { ...COMPLETE, ResultCode: 0 }], ['1032', { ...COMPLETE, ResultCode: '1032', ResultDesc: 'Request cancelled by user' }],
    ['1037', { ...COMPLETE, ResultCode: 1037 }], ['77', { ...COMPLETE, ResultCode: '77' }],
  ])('a result code is answered as it came: %s', (resultCode, body) => {
    expect(readStkQuery(answer(200, body))).toEqual({ status: 'answered', resultCode, resultDesc: body.ResultDesc })
  })

  test.each([
    ['being-processed', 500, { requestId: 'ws_CO_1', errorCode: '500.001.1001', errorMessage: 'The transaction is being processed' }],
    ['still-processing', 200, { ...COMPLETE, ResultCode: '4999', ResultDesc: 'The transaction is still under processing' }],
    ['still-processing', 200, { ...COMPLETE, ResultCode: 4999, ResultDesc: undefined }],
    ['still-processing', 200, { ...COMPLETE, ResultCode: '9', ResultDesc: 'The transaction is still under processing' }],
    ['no-result-yet', 200, { ...COMPLETE, ResultCode: '', ResultDesc: '' }],
    ['no-result-yet', 200, { ...COMPLETE, ResultCode: null }],
    ['no-result-yet', 200, { ResponseCode: '0' }],
    ['no-result-yet', 200, { ResponseCode: 0 }],
  ])('pending shape %s is no failure', (reason, status, body) => {
    expect(readStkQuery(answer(status, body))).toMatchObject({ status: 'pending', reason })
  })

  test.each([
    [500, { errorCode: '500.001.1001', errorMessage: '[MerchantValidate] - Wrong credentials' }],
    [500, { errorCode: '500.003.02', errorMessage: 'Error Occurred: Spike Arrest Violation' }],
    [404, { errorCode: '404.003.01', errorMessage: 'Resource not found' }],
    [200, { ResponseCode: '1', ResponseDescription: 'rejected' }],
    [502, undefined],
    [500, { ResultCode: '0' }],
    [200, undefined],
    [200, []],
  ])('a refusal says nothing about the payment: HTTP %i %j', (status, body) => {
    expect(readStkQuery(answer(status, body))).toBeUndefined()
  })
})
