// Reads every promotion of every tenant, and sends it back whole: what the generated types cannot hold would be lost or
// refused. It needs SERVICE_URL and OPERATOR_KEY.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"promotions"
)

func main() {
	config := promotions.NewConfiguration()
	config.Servers = promotions.ServerConfigurations{{URL: os.Getenv("SERVICE_URL")}}
	client := promotions.NewAPIClient(config)
	operator := with(os.Getenv("OPERATOR_KEY"))
	tenants, _, err := client.TenantsAPI.ListTenants(operator).Execute()
	stopAt(err)
	for _, tenant := range tenants.Items {
		role := *promotions.NewKeyInput(promotions.KEYROLE_ADMIN)
		key, _, err := client.TenantsAPI.CreateTenantKey(operator, tenant.Id).KeyInput(role).Execute()
		stopAt(err)
		admin := with(key.Key)
		page, _, err := client.PromotionsAPI.ListPromotions(admin).Limit(200).Execute()
		stopAt(err)
		for _, listed := range page.Items {
			replace(client, admin, listed.Id)
		}
		fmt.Printf("go: %d promotions of %s read and replaced\n", len(page.Items), tenant.Name)
	}
}

func replace(client *promotions.APIClient, admin context.Context, id string) {
	promotion, answer, err := client.PromotionsAPI.ReadPromotion(admin, id).Execute()
	stopAt(err)
	text, err := json.Marshal(promotion)
	stopAt(err)
	var whole promotions.PromotionReplacement
	stopAt(json.Unmarshal(text, &whole))
	request := client.PromotionsAPI.ReplacePromotion(admin, id).IfMatch(answer.Header.Get("etag"))
	replaced, _, err := request.PromotionReplacement(whole).Execute()
	stopAt(err)
	before, err := json.Marshal([]any{promotion.Conditions, promotion.Benefit, promotion.Schedule, promotion.Limits})
	stopAt(err)
	after, err := json.Marshal([]any{replaced.Conditions, replaced.Benefit, replaced.Schedule, replaced.Limits})
	stopAt(err)
	if string(before) != string(after) {
		panic(fmt.Sprintf("%s has become %s", before, after))
	}
}

func with(key string) context.Context {
	return context.WithValue(context.Background(), promotions.ContextAccessToken, key)
}

func stopAt(err error) {
	if refusal, ok := err.(*promotions.GenericOpenAPIError); ok {
		panic(fmt.Sprintf("%s: %s", err, refusal.Body()))
	}
	if err != nil {
		panic(err)
	}
}
