<?php
// What Magento 1 does with its API V2, as far as PHP's ext-soap has a part in it, for tests/integration/test_php_magento.py:
// arguments as it decodes them, rows of the database as it encodes them. Sessions, comments and groups are kept in the
// file MAGENTO_DATA.

declare(strict_types=1);

ini_set('soap.wsdl_cache_enabled', '0');

final class Magento
{
    private const FULL = ['order_id' => '501', 'increment_id' => '100000501', 'customer_id' => '101'];
    private array $kept;

    public function __construct()
    {
        $this->kept = json_decode(file_get_contents(getenv('MAGENTO_DATA')), true);
    }

    public function __call(string $function, array $args): mixed
    {
        if ($function !== 'login' && !in_array(array_shift($args), $this->kept['sessions'], true)) {
            throw new SoapFault('5', 'Session expired. Try to relogin.');
        }
        return match ($function) {
            'login' => $this->login(...$args),
            'customerGroupList' => [
                ['customer_group_id' => '1', 'customer_group_code' => 'General'],
                ['customer_group_id' => '5', 'customer_group_code' => 'gold'],
            ],
            'customerCustomerList' => $this->filtered([$this->customer()], $args[0]),
            'customerCustomerInfo' => $args === [101, []] ? $this->customer() : throw new SoapFault('102', 'Customer not exists.'),
            'customerCustomerUpdate' => $this->update(...$args),
            'salesOrderList' => $this->filtered([$this->order()], $args[0]),
            'salesOrderInfo' => $this->order() + [
                'items' => [
                    ['item_id' => '9001', 'product_type' => 'configurable', 'tax_percent' => '20.0000'],
                    ['item_id' => '9002', 'product_type' => 'simple', 'tax_percent' => '0.0000'],
                ],
                'status_history' => array_map(fn (string $text): array => ['comment' => $text], $this->kept['comments']),
            ],
            'salesOrderAddComment' => $this->comment(...$args),
            'salesOrderInvoiceList' => $this->filtered([['grand_total' => '240.1200'] + $this->invoice()], $args[0]),
            'salesOrderInvoiceInfo' => $args[0] === '200000001' ? $this->invoice() + [
                'grand_total' => '240.1200',
                'subtotal' => '200.1000',
                'tax_amount' => '40.0200',
                'shipping_amount' => null,
                'discount_amount' => '0.0000',
                'hidden_tax_amount' => 'no element of the WSDL',
                'order_increment_id' => '100000501',
                'items' => [
                    ['order_item_id' => '9001', 'sku' => 'SAW', 'name' => 'Säge & Co', 'qty' => '2.0000', 'row_total' => '200.1000'],
                    ['order_item_id' => '9002', 'sku' => 'SAW-RED', 'name' => null, 'qty' => '2.0000', 'row_total' => null],
                ],
            ] : throw new SoapFault('100', 'Requested invoice does not exist.'),
            'salesOrderCreditmemoList' => [],
        };
    }

    private function login(string $username, string $apiKey): string
    {
        if ([$username, $apiKey] !== ['rebated', getenv('MAGENTO_KEY')]) {
            throw new SoapFault('2', 'Access denied.');
        }
        $this->kept['sessions'][] = $session = bin2hex(random_bytes(16));
        $this->keep();
        return $session;
    }

    private function comment(string $number, string $status, string $comment, string $notify): bool
    {
        if ([$number, $status, $notify] !== ['100000501', 'processing', '0']) {
            throw new SoapFault('100', 'Requested order not exists.');
        }
        array_unshift($this->kept['comments'], $comment);
        $this->keep();
        return true;
    }

    private function update(int $id, object $data): bool
    {
        if ($id !== 101 || array_keys(get_object_vars($data)) !== ['group_id']) {
            throw new SoapFault('102', 'Customer not exists.');
        }
        $this->kept['group'] = $data->group_id;
        $this->keep();
        return true;
    }

    private function filtered(array $rows, object $filters): array
    {
        if (!is_array($filters->complex_filter) || count($filters->complex_filter) !== 1) {
            throw new SoapFault('101', 'Invalid filters given.');
        }
        [$filter] = $filters->complex_filter;
        [$field, $how, $value] = [$filter->key, $filter->value->key, $filter->value->value];
        return array_values(array_filter($rows, fn (array $row): bool => match ($how) {
            'eq' => $row[$field] === $value,
            'in' => in_array($row[$field], explode(',', $value), true),
            'gteq' => ($row[$field] ?? '2026-01-15 10:00:00') >= $value,
        }));
    }

    private function customer(): array
    {
        $names = ['firstname' => 'Buyer', 'lastname' => null, 'group_id' => $this->kept['group']];
        return ['customer_id' => '101', 'updated_at' => '2026-01-15 10:00:00', 'confirmation' => null] + $names;
    }

    private function order(): array
    {
        $stamps = ['created_at' => '2026-01-15 09:00:00', 'updated_at' => '2026-01-15 10:00:00'];
        return self::FULL + $stamps + ['status' => 'processing'];
    }

    private function invoice(): array
    {
        $about = ['state' => '2', 'order_currency_code' => 'EUR', 'created_at' => '2026-01-15 10:00:00'];
        return ['invoice_id' => '1', 'increment_id' => '200000001', 'order_id' => '501'] + $about;
    }

    private function keep(): void
    {
        file_put_contents(getenv('MAGENTO_DATA'), json_encode($this->kept));
    }
}

$server = new SoapServer(getenv('MAGENTO_WSDL'), ['encoding' => 'UTF-8']);
$server->setObject(new Magento());
$server->handle();
