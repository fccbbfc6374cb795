-- Who is typed or clicked, else who is most at risk.
if(${customer:singlequote} != '', ${customer:singlequote},
    (SELECT argMax(customer_id, (simpleJSONExtractFloat(alert, 'risk'), id)) FROM alerts FINAL WHERE {was_open}))
